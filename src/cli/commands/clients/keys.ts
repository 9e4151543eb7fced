/** `signet clients keys`: manages the public keys that verify a client's assertions. */
import type { Command } from 'commander'
import { type AdminClient, apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { CliFailure, usageFailure } from '../../failure.ts'
import { readJwksFile } from '../../key-file.ts'
import { type NewKeyOptions, withNewKey, withNewKeyOptions } from '../../new-key.ts'
import { collectAll, moment, print, printJson } from '../../output.ts'
import { printKeys } from './keys-print.ts'

type Options = ConnectionOptions & NewKeyOptions & { jwksFile?: string; yes?: boolean }

export function registerClientKeys(clients: Command, context: CliContext): void {
  const keys = clients
    .command('keys')
    .description('the public keys of a client')
    .addHelpText(
      'after',
      `
To change a key without an outage: add one, give it to the client, see that it is used, revoke the old one.

Examples:
  $ signet clients keys add ID --generate-key billing-2.jwk.json
  $ signet clients keys list ID
  $ signet clients keys revoke ID KID
  $ signet clients keys refetch ID`,
    )
  registerList(keys, context)
  registerAdd(keys, context)
  registerRefetch(keys, context)
  registerRevoke(keys, context)
}

function registerList(keys: Command, context: CliContext): void {
  withConnection(
    keys
      .command('list <client>', { isDefault: true })
      .description('list the keys: when each was first seen and last used, to the minute'),
  )
    .addHelpText('after', '\nExample:\n  $ signet clients keys list ID --json')
    .action(async (client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const present = await collectAll(api.list(keysPath(client)))
      if (options.json) return printJson(context, present)
      const { document } = await api.read(`${keysPath(client)}?limit=1`)
      printKeySource(context, client, document.document as Document | null)
      if (present.length === 0) return print(context, `No key of the client ${client} was seen.`)
      printKeys(context, present)
    })
}

function registerAdd(keys: Command, context: CliContext): void {
  withNewKeyOptions(withConnection(keys.command('add <client>').description('add a key beside those there are')))
    .option('--jwks-file <file>', 'public keys to add, a JWK Set')
    .addHelpText('after', '\nExample:\n  $ signet clients keys add ID --generate-key billing-2.jwk.json')
    .action(async (client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { generateKey, jwksFile } = options
      if ((generateKey === undefined) === (jwksFile === undefined)) {
        throw usageFailure('Give either --generate-key FILE or --jwks-file FILE.')
      }
      const api = connect(options, context)
      const added = await withNewKey(options, async (key) =>
        addEach(api, client, key ? [key] : (await readJwksFile(jwksFile as string)).keys),
      )
      if (options.json) return printJson(context, added)
      const active = (await collectAll(api.list(keysPath(client)))).filter(({ status }) => status === 'active')
      print(context, `The client ${client} has ${active.length} keys now.`)
      if (generateKey !== undefined) print(context, '', `The private key is in ${generateKey} and nowhere else.`)
    })
}

function registerRefetch(keys: Command, context: CliContext): void {
  withConnection(
    keys.command('refetch <client>').description('fetch what its jwks_uri shows now, for every node of the server'),
  )
    .addHelpText('after', '\nExample:\n  $ signet clients keys refetch ID')
    .action(async (client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const answer = await connect(options, context).change(`${keysPath(client)}/refetch`, { method: 'POST' })
      const document = answer?.document as Document | null
      const present = (answer?.items ?? []) as Document[]
      if (typeof document?.error === 'string') throw notFetched(client, document)
      if (options.json) return printJson(context, present)
      printKeySource(context, client, document)
      printKeys(context, present)
    })
}

function registerRevoke(keys: Command, context: CliContext): void {
  withConnection(
    keys
      .command('revoke <client> <kid>')
      .alias('remove')
      .description('refuse a key for good, by its kid or thumbprint: also where its jwks_uri still shows it'),
  )
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet clients keys revoke ID KID --yes')
    .action(async (client: string, kid: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Revoke the key ${kid} of the client ${client}? What it signs is refused.`, options)
      const api = connect(options, context)
      await api.change(`${keysPath(client)}${apiPath(kid)}`, { method: 'DELETE' })
      const left = await collectAll(api.list(keysPath(client)))
      if (options.json) return printJson(context, left)
      print(context, `Revoked the key ${kid} of the client ${client}: what it signs is refused.`)
      const isLast = !left.some(({ status }) => status === 'active')
      if (isLast) print(context, 'It was the last one: the client cannot authenticate until it has another.')
    })
}

function keysPath(client: string): string {
  return apiPath('clients', client, 'keys')
}

async function addEach(api: AdminClient, client: string, keys: readonly object[]): Promise<unknown[]> {
  const added: unknown[] = []
  for (const key of keys) added.push(await api.change(keysPath(client), { method: 'POST', body: { ...key } }))
  return added
}

function notFetched(client: string, { jwks_uri: uri, error, fetched_at: fetchedAt }: Document): CliFailure {
  const keptKeys = fetchedAt ? ` The keys fetched at ${moment(fetchedAt)} stay.` : ''
  const reason = String(error).replace(/\.$/, '')
  return new CliFailure(
    `The keys of the client ${client} could not be fetched from ${String(uri)}: ${reason}.${keptKeys}`,
    {
      code: 'client_keys_not_fetched',
    },
  )
}

/** Prints where the keys come from, for a client that publishes them. */
function printKeySource(context: CliContext, client: string, document: Document | null): void {
  if (!document) return
  const { jwks_uri: uri, fetched_at: fetchedAt, attempted_at: attemptedAt, error, ignored } = document
  print(context, `The client ${client} publishes its keys at ${String(uri)}.`)
  if (fetchedAt) print(context, `Fetched last at ${moment(fetchedAt)}.`)
  if (Number(ignored) > 0) {
    print(context, `It publishes ${Number(ignored)} more than the 50 that are read: those after the 50th are not used.`)
  }
  if (error) print(context, `At ${moment(attemptedAt)} nothing came: ${error as string}`)
  print(context, '')
}
