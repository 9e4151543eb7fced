/** `signet clients keys`: the public keys that a client signs its assertions with. */
import type { Command } from 'commander'
import type { JWK } from 'jose'
import { type AdminClient, apiPath, type Document } from '../admin-client.ts'
import { confirm } from '../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../connection.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { readJwksFile, withNewKeyFile } from '../key-file.ts'
import { print, printJson, printTable } from '../output.ts'

type Options = ConnectionOptions & { generateKey?: string; jwksFile?: string; yes?: boolean }

export function registerClientKeys(clients: Command, context: CliContext): void {
  const keys = clients
    .command('keys')
    .description('the public keys of a client')
    .addHelpText(
      'after',
      `
To change a key without an outage: add one, give it to the client, remove the old one.

Examples:
  $ signet clients keys add ID --generate-key billing-2.jwk.json
  $ signet clients keys list ID
  $ signet clients keys remove ID KID`,
    )
  registerList(keys, context)
  registerAdd(keys, context)
  registerRemove(keys, context)
}

function registerList(keys: Command, context: CliContext): void {
  withConnection(keys.command('list <client>', { isDefault: true }).description('list the keys'))
    .addHelpText('after', '\nExample:\n  $ signet clients keys list ID --json')
    .action(async (client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { document } = await connect(options, context).read(apiPath('clients', client))
      const present = inlineKeys(document)
      if (options.json) return printJson(context, present)
      if (typeof document.jwks_uri === 'string') {
        return print(context, `The client ${client} publishes its keys at ${document.jwks_uri}.`)
      }
      if (present.length === 0) return print(context, `The client ${client} has no keys.`)
      const columns = ['KID', 'ALG', 'TYPE'].map((title) => ({ title }))
      printTable(
        context,
        columns,
        present.map(({ kid, alg, kty, crv }) => [kid, alg, crv ?? kty]),
      )
    })
}

function registerAdd(keys: Command, context: CliContext): void {
  withConnection(keys.command('add <client>').description('add a key beside those there are'))
    .option('--generate-key <file>', 'make a P-256 key here, write its private JWK to this file, add the public one')
    .option('--jwks-file <file>', 'public keys to add, a JWK Set')
    .addHelpText('after', '\nExample:\n  $ signet clients keys add ID --generate-key billing-2.jwk.json')
    .action(async (client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { generateKey, jwksFile } = options
      if ((generateKey === undefined) === (jwksFile === undefined)) {
        throw usageFailure('Give either --generate-key FILE or --jwks-file FILE.')
      }
      const api = connect(options, context)
      const updated = await withNewKeyFile(generateKey, async (key) => {
        const added = key ? [key] : (await readJwksFile(jwksFile as string)).keys
        return changeKeys(api, client, (present) => [...present, ...added])
      })
      if (options.json) return printJson(context, updated)
      print(context, `The client ${client} has ${inlineKeys(updated).length} keys now.`)
      if (generateKey !== undefined) print(context, '', `The private key is in ${generateKey} and nowhere else.`)
    })
}

function registerRemove(keys: Command, context: CliContext): void {
  withConnection(keys.command('remove <client> <kid>').description('remove a key: what it signs is refused'))
    .option('--yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  $ signet clients keys remove ID KID --yes')
    .action(async (client: string, kid: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Remove the key ${kid} of the client ${client}?`, options)
      const updated = await changeKeys(connect(options, context), client, (present) => {
        const left = present.filter((key) => key.kid !== kid)
        if (left.length < present.length) return left
        throw new CliFailure(`The client ${client} has no key ${kid}.`, { code: 'client_key_not_found' })
      })
      if (options.json) return printJson(context, updated)
      print(context, `Removed the key ${kid} of the client ${client}.`)
    })
}

/** Writes over the version that was read alone. */
async function changeKeys(api: AdminClient, client: string, change: (present: JWK[]) => JWK[]): Promise<Document> {
  const path = apiPath('clients', client)
  const { document, etag } = await api.read(path)
  const body = { jwks: { keys: change(inlineKeys(document)) } }
  return (await api.change(path, { method: 'PATCH', body, ifMatch: etag })) ?? {}
}

function inlineKeys(client: Document): JWK[] {
  const { keys } = (client.jwks ?? {}) as { keys?: JWK[] }
  return Array.isArray(keys) ? keys : []
}
