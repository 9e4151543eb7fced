/** `signet upstreams`: manages the upstream providers that people may sign in with. */
import { type Command, Option } from 'commander'
import { AUTH_METHODS, RESPONSE_MODES } from '#federation/upstream.ts'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
import { collect, collectMember } from '../../options.ts'
import {
  collectAll,
  moment,
  print,
  printDetails,
  printJson,
  printJsonList,
  printTable,
  stateStyle,
} from '../../output.ts'
import { readSecret } from '../../standard-input.ts'

interface Options extends ConnectionOptions {
  readonly upstreamIssuer?: string
  readonly clientId?: string
  readonly name?: string
  readonly auth?: string
  readonly secretStdin?: boolean
  readonly scope?: string[]
  readonly claim?: Record<string, unknown>
  readonly domain?: string[] | false
  readonly trustEmail?: boolean
  readonly responseMode?: string
  readonly ownRedirectUri?: boolean
  readonly justInTime?: boolean
  readonly logout?: boolean
  readonly enabled?: boolean
  readonly yes?: boolean
}

export function register(program: Command, context: CliContext): void {
  const upstreams = program.command('upstreams').description('the OpenID providers that people may sign in with')
  registerCreate(upstreams, context)
  registerList(upstreams, context)
  registerShow(upstreams, context)
  registerUpdate(upstreams, context)
  registerDelete(upstreams, context)
}

function withMembers(command: Command): Command {
  return withConnection(command)
    .option('--client-id <id>', 'our client id there')
    .option('--name <name>', 'as people know it')
    .addOption(new Option('--auth <method>', 'how we authenticate there').choices(AUTH_METHODS))
    .option('--secret-stdin', 'the client secret it gave us, read from standard input')
    .option('--scope <scope>', 'asked there, may be repeated; openid is among them', collect)
    .option(
      '--claim <ours=theirs>',
      'a claim that is taken, may be repeated; all together replace those of before',
      collectMember,
    )
    .option('--domain <domain>', 'e-mail addresses of it are led there, may be repeated', collect)
    .option('--no-domain', 'no address is led there any more')
    .option('--trust-email', 'count its addresses as verified when it sends no email_verified')
    .option('--no-trust-email', 'count only addresses that it has verified as verified')
    .addOption(new Option('--response-mode <mode>', 'how it sends its response').choices(RESPONSE_MODES))
    .option('--own-redirect-uri', 'use a redirect URI of its own (default for new providers)')
    .option('--no-own-redirect-uri', 'share a redirect URI; safe only if the provider sends iss')
    .option('--just-in-time', 'people who were never here get an account')
    .option('--no-just-in-time', 'only whoever is linked comes in')
    .option('--logout', 'a sign-out here leads on to one there')
    .option('--no-logout', 'a sign-out here ends here')
    .option('--enabled', 'people may sign in with it')
    .option('--no-enabled', 'it signs nobody in, and its links stay')
}

function registerCreate(upstreams: Command, context: CliContext): void {
  withMembers(upstreams.command('create <id>').description('add a provider by a short name of its own'))
    .requiredOption('--upstream-issuer <url>', 'its issuer identifier, as its discovery document has it')
    .addHelpText(
      'after',
      `
With a secret, register the redirect URI there first: <issuer>/upstream/callback/<id>. With private_key_jwt (the default) a
key is made: register the one that is printed there, and give the client id by "update" if you have none yet.

Examples:
  $ signet upstreams create google --name Google --upstream-issuer https://accounts.google.com \\
      --client-id ID --auth client_secret_basic --secret-stdin < secret.txt
  $ signet upstreams create acme --name Acme --upstream-issuer https://login.acme.example --client-id ID \\
      --domain acme.example --just-in-time --claim locale=preferred_language --claim email=email`,
    )
    .action(async (id: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      if (options.clientId === undefined) throw usageFailure('--client-id is needed: what the provider calls us.')
      const body = { id, issuer: options.upstreamIssuer, ...(await membersOf(options, context)) }
      const created = await connect(options, context).change('/upstreams', { method: 'POST', body })
      if (options.json) return printJson(context, created)
      print(context, `Added the provider ${id}.`, '')
      printUpstream(context, created ?? {})
    })
}

function registerList(upstreams: Command, context: CliContext): void {
  withConnection(upstreams.command('list').description('list the providers'))
    .addHelpText('after', '\nExample:\n  $ signet upstreams list --json')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const items = connect(options, context).list('/upstreams')
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0) {
        return print(
          context,
          'No providers yet. Add one: signet upstreams create google --upstream-issuer … --client-id …',
        )
      }
      const columns = [{ title: 'ID' }, { title: 'NAME' }, { title: 'ISSUER' }, { title: 'STATE', style: stateStyle }]
      const rows = all.map((item) => [item.id, item.name, item.issuer, stateOf(item)])
      printTable(context, columns, rows)
    })
}

function registerShow(upstreams: Command, context: CliContext): void {
  withConnection(upstreams.command('show <id>').description('show a provider'))
    .addHelpText('after', '\nExample:\n  $ signet upstreams show google')
    .action(async (id: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { document } = await connect(options, context).read(apiPath('upstreams', id))
      if (options.json) return printJson(context, document)
      printUpstream(context, document)
    })
}

function registerUpdate(upstreams: Command, context: CliContext): void {
  withMembers(upstreams.command('update <id>').description('change a provider; --scope and --claim replace all'))
    .addHelpText('after', '\nExample:\n  $ signet upstreams update google --no-enabled')
    .action(async (id: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const body = await membersOf(options, context)
      if (Object.keys(body).length === 0) throw usageFailure('Name what to change, such as --name. See --help.')
      const updated = await connect(options, context).change(apiPath('upstreams', id), { method: 'PATCH', body })
      if (options.json) return printJson(context, updated)
      print(context, `Changed the provider ${id}.`, '')
      printUpstream(context, updated ?? {})
    })
}

function registerDelete(upstreams: Command, context: CliContext): void {
  withConnection(upstreams.command('delete <id>').description('delete a provider, and its links with it'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet upstreams delete google --yes')
    .action(async (id: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Delete the provider ${id}? Whoever signs in by it alone cannot any more.`, options)
      await connect(options, context).change(apiPath('upstreams', id), { method: 'DELETE' })
      if (options.json) return printJson(context, { id, status: 'deleted' })
      print(context, `Deleted the provider ${id}.`)
    })
}

async function membersOf(options: Options, context: CliContext): Promise<Document> {
  const members = {
    client_id: options.clientId,
    name: options.name,
    token_endpoint_auth_method: options.auth,
    client_secret: options.secretStdin === true ? await readSecret(context, 'client secret') : undefined,
    scopes: options.scope,
    claims: options.claim,
    domains: options.domain === false ? [] : options.domain,
    trust_email: options.trustEmail,
    response_mode: options.responseMode,
    own_redirect_uri: options.ownRedirectUri,
    just_in_time: options.justInTime,
    logout: options.logout,
    enabled: options.enabled,
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function stateOf({ enabled }: Document): string {
  return enabled === true ? 'enabled' : 'disabled'
}

function printUpstream(context: CliContext, upstream: Document): void {
  const yesOrNo = (value: unknown) => (value === true ? 'yes' : 'no')
  const claims = Object.entries(upstream.claims ?? {}).map(([claim, source]) => `${claim} = ${String(source)}`)
  printDetails(context, [
    ['id', upstream.id],
    ['name', upstream.name],
    ['issuer', upstream.issuer],
    ['client id', upstream.client_id],
    ['authentication', upstream.token_endpoint_auth_method],
    ['state', stateOf(upstream)],
    ['scopes', Array.isArray(upstream.scopes) ? upstream.scopes.join(' ') : undefined],
    ['claims', claims],
    ['domains', upstream.domains],
    ['addresses trusted', yesOrNo(upstream.trust_email)],
    ['response mode', upstream.response_mode],
    ['accounts just in time', yesOrNo(upstream.just_in_time)],
    ['sign-out there', yesOrNo(upstream.logout)],
    ['created', moment(upstream.created_at)],
    ['updated', moment(upstream.updated_at)],
  ])
  print(context, '', 'To be registered at the provider:')
  printDetails(context, [
    ['redirect URI', upstream.redirect_uri],
    ['after sign-out', upstream.logout === true ? upstream.post_logout_redirect_uri : undefined],
    ['our key', upstream.jwks === null ? undefined : JSON.stringify(upstream.jwks)],
  ])
}
