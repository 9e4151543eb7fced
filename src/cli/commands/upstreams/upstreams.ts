/** `signet upstreams`: manages the upstream providers that people may sign in with. */
import { type Command, Option } from 'commander'
import { PRESET_NAMES } from '#federation/presets/registry.ts'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
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
import { membersOf, type UpstreamOptions, withMembers } from './members.ts'
import { askForNeeds, merged } from './needs.ts'

export function register(program: Command, context: CliContext): void {
  const upstreams = program.command('upstreams').description('the providers that people may sign in with')
  registerCreate(upstreams, context)
  registerList(upstreams, context)
  registerShow(upstreams, context)
  registerUpdate(upstreams, context)
  registerDelete(upstreams, context)
}

function registerCreate(upstreams: Command, context: CliContext): void {
  withMembers(
    upstreams
      .command('create [id]')
      .description('add a provider by a short name of its own, the name of the preset by default'),
  )
    .addOption(
      new Option(
        '--preset <preset>',
        'a provider that is known here, of which only what is yours must be given',
      ).choices(PRESET_NAMES),
    )
    .option(
      '--upstream-issuer <url>',
      'its issuer identifier, as its discovery document has it; for all without preset',
    )
    .addHelpText(
      'after',
      `
Register the redirect URI there first: <issuer>/upstream/callback/<id>. At a terminal, a preset asks for what it needs. Without
a preset and with private_key_jwt (the default) a key is made: register the one that is printed there, and give the client
id by "update" if you have none yet.

Examples:
  $ signet upstreams create --preset google --client-id ID --secret-stdin < secret.txt
  $ signet upstreams create staff --preset keycloak --base-url https://sso.example.com --realm staff --client-id ID --secret-stdin < secret.txt
  $ signet upstreams create --preset apple --client-id ID --team-id TEAM --key-id KEY --private-key-file AuthKey_KEY.p8
  $ signet upstreams create acme --name Acme --upstream-issuer https://login.acme.example --client-id ID \\
      --domain acme.example --just-in-time --claim locale=preferred_language --claim email=email`,
    )
    .action(async (given: string | undefined, _: UpstreamOptions, command: Command) => {
      const options = command.optsWithGlobals<UpstreamOptions>()
      const id = given ?? options.preset
      if (id === undefined)
        throw usageFailure('Name the provider, such as "signet upstreams create acme", or a --preset.')
      const created = await connect(options, context).change('/upstreams', {
        method: 'POST',
        body: { id, ...(await newMembersOf(options, id, context)) },
      })
      if (options.json) return printJson(context, created)
      print(context, `Added the provider ${id}.`, '')
      printUpstream(context, created ?? {})
    })
}

async function newMembersOf(options: UpstreamOptions, id: string, context: CliContext): Promise<Document> {
  if (options.preset !== undefined) {
    const preset = options.preset as (typeof PRESET_NAMES)[number]
    const asked = await askForNeeds({ ...options, preset }, id, context)
    return { preset, issuer: options.upstreamIssuer, ...merged(await membersOf(options, context), asked) }
  }
  if (options.upstreamIssuer === undefined) {
    throw usageFailure(`--upstream-issuer is needed, or a --preset: ${PRESET_NAMES.join(', ')}.`)
  }
  if (options.clientId === undefined) throw usageFailure('--client-id is needed: what the provider calls us.')
  return { issuer: options.upstreamIssuer, ...(await membersOf(options, context)) }
}

function registerList(upstreams: Command, context: CliContext): void {
  withConnection(upstreams.command('list').description('list the providers'))
    .addHelpText('after', '\nExample:\n  $ signet upstreams list --json')
    .action(async (_: UpstreamOptions, command: Command) => {
      const options = command.optsWithGlobals<UpstreamOptions>()
      const items = connect(options, context).list('/upstreams')
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0) {
        return print(context, 'No providers yet. Add one: signet upstreams create --preset google')
      }
      const columns = [{ title: 'ID' }, { title: 'NAME' }, { title: 'ISSUER' }, { title: 'STATE', style: stateStyle }]
      const rows = all.map((item) => [item.id, item.name, item.issuer, stateOf(item)])
      printTable(context, columns, rows)
    })
}

function registerShow(upstreams: Command, context: CliContext): void {
  withConnection(upstreams.command('show <id>').description('show a provider'))
    .addHelpText('after', '\nExample:\n  $ signet upstreams show google')
    .action(async (id: string, _: UpstreamOptions, command: Command) => {
      const options = command.optsWithGlobals<UpstreamOptions>()
      const { document } = await connect(options, context).read(apiPath('upstreams', id))
      if (options.json) return printJson(context, document)
      printUpstream(context, document)
    })
}

function registerUpdate(upstreams: Command, context: CliContext): void {
  withMembers(upstreams.command('update <id>').description('change a provider; --scope and --claim replace all'))
    .addHelpText('after', '\nExample:\n  $ signet upstreams update google --no-enabled')
    .action(async (id: string, _: UpstreamOptions, command: Command) => {
      const options = command.optsWithGlobals<UpstreamOptions>()
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
    .action(async (id: string, _: UpstreamOptions, command: Command) => {
      const options = command.optsWithGlobals<UpstreamOptions>()
      await confirm(context, `Delete the provider ${id}? Whoever signs in by it alone cannot any more.`, options)
      await connect(options, context).change(apiPath('upstreams', id), { method: 'DELETE' })
      if (options.json) return printJson(context, { id, status: 'deleted' })
      print(context, `Deleted the provider ${id}.`)
    })
}

function stateOf({ enabled }: Document): string {
  return enabled === true ? 'enabled' : 'disabled'
}

function printUpstream(context: CliContext, upstream: Document): void {
  const yesOrNo = (value: unknown) => (value === true ? 'yes' : 'no')
  const claims = Object.entries(upstream.claims ?? {}).map(([claim, source]) => `${claim} = ${String(source)}`)
  const presetValues = Object.entries(upstream.preset_values ?? {}).map(
    ([name, value]) => [name.replaceAll('_', ' '), value] as const,
  )
  printDetails(context, [
    ['id', upstream.id],
    ['name', upstream.name],
    ['preset', upstream.preset],
    ...presetValues,
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
