/** `signet resources`: manages the APIs that access tokens are for. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, issuerOf, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
import { readJsonFile } from '../../key-file.ts'
import { collect } from '../../options.ts'
import { collectAll, moment, print, printDetails, printJson, printJsonList, printTable } from '../../output.ts'
import { registerAllow } from './allow.ts'
import { mcpMembers, printForMcp } from './mcp.ts'

interface Options extends ConnectionOptions {
  readonly name?: string
  readonly scope?: string[]
  readonly openScope?: string[]
  readonly accessTokenFormat?: string
  readonly accessTokenTyp?: string
  readonly signingAlg?: string
  readonly authorizationDetails?: string
  readonly accessTokenTtl?: number | 'default'
  readonly yes?: boolean
  readonly mcp?: boolean
}

export function register(program: Command, context: CliContext): void {
  const resources = program.command('resources').description('the APIs that access tokens are for')
  registerCreate(resources, context)
  registerList(resources, context)
  registerShow(resources, context)
  registerUpdate(resources, context)
  registerDelete(resources, context)
  registerAllow(resources, context)
}

function withMembers(command: Command): Command {
  return withConnection(command)
    .option('--name <name>', 'how people read of it')
    .option('--scope <scope>', 'a scope, or SCOPE=WHAT IT ALLOWS IN WORDS; may be repeated', collect)
    .option('--open-scope <scope>', 'a scope that any client may ask for, after consent; may be repeated', collect)
    .addOption(new Option('--access-token-format <format>', 'JWT or opaque tokens').choices(['jwt', 'opaque']))
    .addOption(
      new Option(
        '--access-token-typ <typ>',
        'typ header of its JWT access tokens; JWT for APIs that accept nothing else',
      ).choices(['at+jwt', 'JWT']),
    )
    .addOption(new Option('--signing-alg <alg>', 'signs its access tokens').choices(['ES256', 'RS256']))
    .option(
      '--authorization-details <file>',
      'the types of authorization details it takes, a JSON array of {type, name, schema}',
    )
    .option('--access-token-ttl <seconds>', "how long its access tokens live; 'default' for the server's", seconds)
}

function registerCreate(resources: Command, context: CliContext): void {
  withMembers(resources.command('create <resource>').description('register an API by its identifier, a URL'))
    .option(
      '--mcp',
      'an MCP server: its scopes (mcp:tools if none are given) are open to all clients; prints what to paste into it',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ signet resources create https://api.example.com --name Posts --scope posts:read --scope posts:write
  $ signet resources create https://api.example.com --scope "posts:read=Read your posts" --json
  $ signet resources create https://mcp.example.com/mcp --name "Team wiki" --mcp
  $ signet resources create https://bank.example.com --authorization-details payment-types.json`,
    )
    .action(async (resource: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const members = await membersOf(options)
      const body = { resource, ...(options.mcp ? mcpMembers(resource, members) : members) }
      const created = await connect(options, context).change('/resources', { method: 'POST', body })
      if (options.json) return printJson(context, created)
      print(context, `Registered the resource ${resource}.`, '')
      printResource(context, created ?? {})
      if (options.mcp) printForMcp(context, issuerOf(options, context), created ?? {})
    })
}

function registerList(resources: Command, context: CliContext): void {
  withConnection(resources.command('list').description('list the resources'))
    .addHelpText('after', '\nExample:\n  $ signet resources list --json')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const items = connect(options, context).list('/resources')
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0) {
        return print(
          context,
          'No resources yet. Register one: signet resources create https://api.example.com --scope …',
        )
      }
      const columns = ['RESOURCE', 'NAME', 'SCOPES'].map((title) => ({ title }))
      printTable(
        context,
        columns,
        all.map((item) => [
          item.resource,
          item.name,
          scopesOf(item)
            .map(({ name }) => name)
            .join(' '),
        ]),
      )
    })
}

function registerShow(resources: Command, context: CliContext): void {
  withConnection(resources.command('show <resource>').description('show a resource'))
    .addHelpText('after', '\nExample:\n  $ signet resources show https://api.example.com')
    .action(async (resource: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { document } = await connect(options, context).read(apiPath('resources', resource))
      if (options.json) return printJson(context, document)
      printResource(context, document)
    })
}

function registerUpdate(resources: Command, context: CliContext): void {
  withMembers(resources.command('update <resource>').description('change a resource; --scope replaces all its scopes'))
    .addHelpText(
      'after',
      '\nExample:\n  $ signet resources update https://api.example.com --name Posts --scope posts:read --scope posts:write',
    )
    .action(async (resource: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const body = await membersOf(options)
      if (Object.keys(body).length === 0) throw usageFailure('Name what to change, such as --name. See --help.')
      const updated = await connect(options, context).change(apiPath('resources', resource), { method: 'PATCH', body })
      if (options.json) return printJson(context, updated)
      print(context, `Changed the resource ${resource}.`, '')
      printResource(context, updated ?? {})
    })
}

function registerDelete(resources: Command, context: CliContext): void {
  withConnection(resources.command('delete <resource>').description('delete a resource'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet resources delete https://api.example.com --yes')
    .action(async (resource: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Delete the resource ${resource}? No client gets tokens for it any more.`, options)
      await connect(options, context).change(apiPath('resources', resource), { method: 'DELETE' })
      if (options.json) return printJson(context, { resource, status: 'deleted' })
      print(context, `Deleted the resource ${resource}.`)
    })
}

async function membersOf(options: Options): Promise<Document> {
  const { authorizationDetails: file } = options
  const members = {
    name: options.name,
    scopes: options.scope?.map(scopeOf),
    open_scopes: options.openScope,
    access_token_format: options.accessTokenFormat,
    access_token_typ: options.accessTokenTyp,
    signing_alg: options.signingAlg,
    authorization_details_types: file === undefined ? undefined : await readJsonFile(file),
    access_token_ttl_seconds: options.accessTokenTtl === 'default' ? null : options.accessTokenTtl,
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** Splits `posts:read=Read your posts` at the first `=`. */
function scopeOf(text: string): string | { name: string; description: string } {
  const at = text.indexOf('=')
  return at <= 0 ? text : { name: text.slice(0, at), description: text.slice(at + 1) }
}

function seconds(text: string): number | 'default' {
  if (text === 'default') return text
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number of seconds is expected.')
}

function scopesOf(resource: Document): { name: string; description?: string | null }[] {
  return Array.isArray(resource.scopes) ? resource.scopes : []
}

function openScopesOf({ open_scopes: open }: Document): string[] {
  return Array.isArray(open) ? open.map(String) : []
}

function printResource(context: CliContext, resource: Document): void {
  const ttl = resource.access_token_ttl_seconds
  printDetails(context, [
    ['resource', resource.resource],
    ['name', resource.name],
    ['scopes', scopesOf(resource).map(({ name, description }) => (description ? `${name}  ${description}` : name))],
    ['open to any client', openScopesOf(resource).join(' ') || 'no'],
    ['access tokens', `${tokenKind(resource)}, ${String(resource.signing_alg)}`],
    ['authorization details', detailsOf(resource)],
    ['live for', typeof ttl === 'number' ? `${ttl} s` : "the server's default"],
    ['created', moment(resource.created_at)],
    ['updated', moment(resource.updated_at)],
  ])
}

function detailsOf({ authorization_details_types: types }: Document): string[] {
  return Array.isArray(types) ? types.map(({ type, name }: { type: string; name: string }) => `${type}  ${name}`) : []
}

function tokenKind({ access_token_format: format, access_token_typ: typ }: Document): string {
  return typ === 'JWT' ? `${String(format)} (typ JWT)` : String(format)
}
