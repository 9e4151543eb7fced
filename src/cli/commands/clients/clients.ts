/** `signet clients`: manages the apps and services that get tokens. */
import { type Command, Option } from 'commander'
import { isOffered, isProfile, PROFILES } from '#clients/profiles.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { offersOf } from '#oidc/offers.ts'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
import { withNewKey } from '../../new-key.ts'
import { collectAll, print, printJson, printJsonList, printTable, stateStyle } from '../../output.ts'
import { registerClientDocument } from './document.ts'
import { registerClientKeys } from './keys.ts'
import { findClient } from './find-client.ts'
import { clientDocumentOf, type ClientOptions, refuseSeveralKeys, withClientMembers } from './members.ts'
import { printClient } from './print.ts'
import { registerClientSecrets } from './secrets.ts'

const ORIGINS = ['administrator', 'registration', 'document']

type ListOptions = ConnectionOptions & { readonly origin?: string }

/** The profiles that a server of this release accepts. */
const OFFERED_PROFILES = Object.keys(PROFILES).filter(
  (name) => isProfile(name) && isOffered(name, offersOf(GRANTS, undefined)),
)

export function register(program: Command, context: CliContext): void {
  const clients = program.command('clients').description('the apps and services that get tokens')
  registerCreate(clients, context)
  registerList(clients, context)
  registerShow(clients, context)
  registerUpdate(clients, context)
  registerDelete(clients, context)
  registerStatus(clients, context, 'enable')
  registerStatus(clients, context, 'disable')
  registerUnblock(clients, context)
  registerClientSecrets(clients, context)
  registerClientKeys(clients, context)
  registerClientDocument(clients, context)
}

function registerCreate(clients: Command, context: CliContext): void {
  withClientMembers(clients.command('create').description('register a client'))
    .addOption(new Option('--profile <profile>', 'what it is').choices(OFFERED_PROFILES).makeOptionMandatory())
    .option('--id <id>', 'keep this client id, for a client that you migrate from another server (default: a new one)')
    .addHelpText(
      'after',
      `
Examples:
  $ signet clients create --profile machine --name billing --generate-key billing.jwk.json --allow https://api.example.com=posts:read
  $ signet clients create --profile web --name shop --redirect-uri http://localhost:5000/authorize --jwks-file shop.jwks.json --allow https://api.example.com=posts:read
  $ signet clients create --profile web --name blog --redirect-uri http://localhost:6000/cb --auth client_secret_basic
  $ signet clients create --profile machine --generate-key reports.pem --alg RS256 --format pem
  $ signet clients create --profile web --id 8f3a1c --name wiki --redirect-uri https://wiki.example.com/cb --auth client_secret_basic
  $ signet clients create --profile machine --name reports --auth self_signed_tls_client_auth --certificate reports.crt
  $ signet clients create --profile machine --name audit --auth tls_client_auth --set "tls_client_auth_subject_dn=CN=audit,O=Example"
  $ signet clients create --profile spa --name board --redirect-uri https://board.example.com/cb --set policy_uri=https://board.example.com/privacy`,
    )
    .action(async (_: ClientOptions, command: Command) => {
      const options = command.optsWithGlobals<ClientOptions>()
      refuseSeveralKeys(options)
      const api = connect(options, context)
      const created = await withNewKey(options, async (key) =>
        api.change('/clients', { method: 'POST', body: await clientDocumentOf(options, key) }),
      )
      if (options.json) return printJson(context, created)
      print(context, `Registered the client ${options.name ?? String(created?.client_id)}.`, '')
      printClient(context, created ?? {}, { key: options.generateKey })
    })
}

function registerList(clients: Command, context: CliContext): void {
  withConnection(clients.command('list').description('list the clients'))
    .addOption(new Option('--origin <origin>', 'only clients that were made so').choices(ORIGINS))
    .addHelpText('after', '\nExamples:\n  $ signet clients list --json\n  $ signet clients list --origin registration')
    .action(async (_: ListOptions, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const items = connect(options, context).list('/clients', { origin: options.origin })
      if (options.json) return printJsonList(context, items)
      printTable(
        context,
        [
          { title: 'NAME' },
          { title: 'CLIENT ID' },
          { title: 'PROFILE' },
          { title: 'AUTH' },
          { title: 'ORIGIN' },
          { title: 'STATUS', style: stateStyle },
        ],
        (await collectAll(items)).map((item) => [
          item.client_name,
          item.client_id,
          item.signet_profile,
          item.token_endpoint_auth_method,
          item.signet_client_origin,
          item.signet_status,
        ]),
      )
    })
}

function registerShow(clients: Command, context: CliContext): void {
  withConnection(
    clients.command('show <client>').description('show a client, by its id or, if no other client has it, its name'),
  )
    .addHelpText('after', '\nExamples:\n  $ signet clients show ID\n  $ signet clients show billing')
    .action(async (client: string, _: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions>()
      const { document } = await findClient(connect(options, context), client)
      if (options.json) return printJson(context, document)
      printClient(context, document)
    })
}

function registerUpdate(clients: Command, context: CliContext): void {
  withClientMembers(
    clients.command('update <client>').description('change a client, by its id or name; what is not named stays'),
  )
    .addOption(new Option('--profile <profile>', 'another kind of client').choices(OFFERED_PROFILES))
    .option('--no-default-resource', 'a request must name its API')
    .option('--no-introspect', 'it is told about its own tokens only')
    .addHelpText(
      'after',
      `
--allow sets the scopes of the APIs it names, --grant adds, --redirect-uri, --origin and keys replace.

Examples:
  $ signet clients update ID --name Billing --allow https://api.example.com=posts:read,posts:write
  $ signet clients update ID --set logo_uri=https://shop.example.com/logo.svg --set tos_uri=null`,
    )
    .action(async (client: string, _: ClientOptions, command: Command) => {
      const options = command.optsWithGlobals<ClientOptions>()
      refuseSeveralKeys(options)
      const api = connect(options, context)
      const updated = await withNewKey(options, async (key) => {
        // `--grant` and `--allow` add to lists, so read the client first and update only that version.
        const { id, document: before, etag } = await findClient(api, client)
        const body = await clientDocumentOf(options, key, before)
        if (Object.keys(body).length === 0) throw usageFailure('Name what to change, such as --name. See --help.')
        return api.change(apiPath('clients', id), { method: 'PATCH', body, ifMatch: etag })
      })
      if (options.json) return printJson(context, updated)
      print(context, `Changed the client ${String(updated?.client_id)}.`, '')
      printClient(context, updated ?? {}, { key: options.generateKey })
    })
}

function registerDelete(clients: Command, context: CliContext): void {
  withConnection(clients.command('delete <client>').description('delete a client, by its id or name'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet clients delete ID --yes')
    .action(async (client: string, _: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions & { yes?: boolean }>()
      const api = connect(options, context)
      const { id, document } = await findClient(api, client)
      const name = typeof document.client_name === 'string' ? `${document.client_name} (${id})` : id
      await confirm(context, `Delete the client ${name}? Its tokens and consents go with it.`, options)
      await api.change(apiPath('clients', id), { method: 'DELETE' })
      if (options.json) return printJson(context, { client_id: id, status: 'deleted' })
      print(context, `Deleted the client ${name}.`)
      if (isBlocked(document)) print(context, `To let the app come back: signet clients unblock ${id}`)
    })
}

function registerStatus(clients: Command, context: CliContext, verb: 'enable' | 'disable'): void {
  const description = verb === 'enable' ? 'let a client get tokens again' : 'let a client get no tokens'
  withConnection(clients.command(`${verb} <client>`).description(description))
    .addHelpText('after', `\nExample:\n  $ signet clients ${verb} ID`)
    .action(async (client: string, _: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions>()
      const api = connect(options, context)
      const { id } = await findClient(api, client)
      const changed = await api.change(apiPath('clients', id, verb), { method: 'POST' })
      if (options.json) return printJson(context, changed)
      print(context, `${verb === 'enable' ? 'Enabled' : 'Disabled'} the client ${id}.`)
    })
}

/** Whether the app of a deleted client is refused from then on. */
function isBlocked({ signet_client_origin: origin, token_endpoint_auth_method: method }: Document): boolean {
  return origin === 'document' || (origin === 'registration' && method === 'none')
}

function registerUnblock(clients: Command, context: CliContext): void {
  withConnection(
    clients
      .command('unblock <id>')
      .description('let a client document or self-registered app of which the client was deleted come back'),
  )
    .addHelpText('after', '\nExample:\n  $ signet clients unblock https://app.example.com/client.json')
    .action(async (id: string, _: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions>()
      await connect(options, context).change(apiPath('clients', id, 'unblock'), { method: 'POST' })
      if (options.json) return printJson(context, { client_id: id, status: 'unblocked' })
      print(context, `Unblocked ${id}. It comes back as a new client when the app is used again.`)
    })
}
