/** `signet registration-tokens`: manages the initial access tokens with which clients register themselves (RFC 7591). */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { isProfile, PROFILES } from '#clients/profiles.ts'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { collect, collectAllowance, type GivenAllowance } from '../../options.ts'
import { collectAll, moment, print, printDetails, printJson, printJsonList, printTable } from '../../output.ts'

interface Options extends ConnectionOptions {
  readonly name?: string
  readonly profile?: string[]
  readonly scope?: string[]
  readonly allow?: GivenAllowance[]
  readonly redirectHost?: string[]
  readonly pkce?: string
  readonly assertionAudience?: string
  readonly uses?: number | 'unlimited'
  readonly lifetime?: number
  readonly yes?: boolean
}

const PATH = '/registration-tokens'
const PROFILE_NAMES = Object.keys(PROFILES).filter(isProfile)

export function register(program: Command, context: CliContext): void {
  const tokens = program.command('registration-tokens').description('the tokens with which clients register themselves')
  registerCreate(tokens, context)
  registerList(tokens, context)
  registerRevoke(tokens, context)
}

function registerCreate(tokens: Command, context: CliContext): void {
  withConnection(tokens.command('create').description('issue a token with which clients register themselves'))
    .option('--name <name>', 'what or whom it is for')
    .addOption(
      new Option('--profile <profile>', 'a kind of client that may register, may be repeated; any when absent')
        .choices(PROFILE_NAMES)
        .argParser(collectProfile),
    )
    .option('--scope <scope>', 'an OpenID scope that the clients may have, may be repeated; any when absent', collect)
    .option(
      '--allow <resource=scope,…>',
      'scopes of an API that the clients may have, may be repeated',
      collectAllowance,
    )
    .option('--redirect-host <host>', 'a host of their redirect URIs, may be repeated; any when absent', collect)
    .addOption(
      new Option('--pkce <mode>', 'whether requests of web clients that have a secret or key must have PKCE').choices([
        'required',
        'optional',
      ]),
    )
    .addOption(
      new Option(
        '--assertion-audience <audience>',
        'what assertions of clients that do not choose may name as aud',
      ).choices(['issuer', 'token-endpoint']),
    )
    .option('--uses <number>', "how many clients may register with it, or 'unlimited'; 1 when absent", uses)
    .option('--lifetime <seconds>', 'how long it is valid; a week when absent', wholeNumber)
    .addHelpText(
      'after',
      `
Examples:
  $ signet registration-tokens create --name "Partner portal" --profile web --redirect-host app.example.com
  $ signet registration-tokens create --allow https://api.example.com=posts:read --uses unlimited --lifetime 86400`,
    )
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const created = await connect(options, context).change(PATH, { method: 'POST', body: bodyOf(options) })
      if (options.json) return printJson(context, created)
      print(context, 'Issued a registration token.', '')
      printToken(context, created ?? {})
      print(context, '', 'The token is shown this once and kept nowhere: store it now.')
    })
}

function registerList(tokens: Command, context: CliContext): void {
  withConnection(tokens.command('list').description('list the registration tokens, without their values'))
    .addHelpText('after', '\nExample:\n  $ signet registration-tokens list --json')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const items = connect(options, context).list(PATH)
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0)
        return print(context, 'No registration tokens. Issue one: signet registration-tokens create')
      const columns = ['ID', 'NAME', 'USES', 'EXPIRES'].map((title) => ({ title }))
      printTable(
        context,
        columns,
        all.map((item) => [item.id, item.name, usesOf(item), moment(item.expires_at)]),
      )
    })
}

function registerRevoke(tokens: Command, context: CliContext): void {
  withConnection(
    tokens.command('revoke <id>').description('revoke a registration token; clients that have used it stay'),
  )
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet registration-tokens revoke ID --yes')
    .action(async (id: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Revoke the registration token ${id}? No client registers with it any more.`, options)
      await connect(options, context).change(apiPath('registration-tokens', id), { method: 'DELETE' })
      if (options.json) return printJson(context, { id, status: 'revoked' })
      print(context, `Revoked the registration token ${id}.`)
    })
}

function bodyOf(options: Options): Document {
  const members = {
    name: options.name,
    profiles: options.profile,
    scopes: options.scope,
    allow: options.allow,
    redirect_hosts: options.redirectHost,
    pkce: options.pkce,
    assertion_audience: options.assertionAudience?.replace('-', '_'),
    max_uses: options.uses === 'unlimited' ? null : options.uses,
    lifetime_seconds: options.lifetime,
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function printToken(context: CliContext, token: Document): void {
  const allow = (token.allow ?? []) as { resource: string; scopes: string[] }[]
  printDetails(context, [
    ['token', token.token],
    ['id', token.id],
    ['name', token.name],
    ['profiles', textsOf(token.profiles)],
    ['scopes', textsOf(token.scopes)],
    ['may have', allow.map(({ resource, scopes }) => `${resource}  ${scopes.join(' ')}`)],
    ['redirect hosts', textsOf(token.redirect_hosts) || 'any'],
    ['PKCE', token.pkce],
    ['assertion audience', token.assertion_audience],
    ['uses', usesOf(token)],
    ['expires', moment(token.expires_at)],
  ])
}

function usesOf({ uses: used, max_uses: most }: Document): string {
  return `${String(used)} of ${typeof most === 'number' ? most : 'any number'}`
}

function textsOf(value: unknown): string {
  return Array.isArray(value) ? value.join(' ') : ''
}

function collectProfile(value: string, before: string[] = []): string[] {
  if (!PROFILE_NAMES.some((name) => name === value)) {
    throw new InvalidArgumentError(`Allowed choices are ${PROFILE_NAMES.join(', ')}.`)
  }
  return [...before, value]
}

function uses(text: string): number | 'unlimited' {
  return text === 'unlimited' ? text : wholeNumber(text)
}

function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number, 1 or more, is expected.')
}
