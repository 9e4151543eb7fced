/** `signet keys`: manages the server's signing keys, and changes its master keys. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { registerRewrap } from './rewrap.ts'
import { clockTime, collectAll, print, printJson, printJsonList, printTable, stateStyle } from '../../output.ts'

type Options = ConnectionOptions & { alg?: string; yes?: boolean }

export function register(program: Command, context: CliContext): void {
  const keys = program
    .command('keys')
    .description("the server's signing keys")
    .addHelpText(
      'after',
      `
Examples:
  $ signet keys list
  $ signet keys rotate
  $ signet keys rotate --alg ES256
  $ signet keys retire KID
  $ signet keys revoke KID
  $ signet keys rewrap`,
    )
  registerList(keys, context)
  registerRotate(keys, context)
  registerRetire(keys, context)
  registerRevoke(keys, context)
  registerRewrap(keys, context)
}

function registerList(keys: Command, context: CliContext): void {
  withConnection(keys.command('list').description('list the keys'))
    .addHelpText('after', '\nExample:\n  $ signet keys list --json')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const items = connect(options, context).list('/keys')
      if (options.json) return printJsonList(context, items)
      printKeys(context, await collectAll(items))
    })
}

function registerRotate(keys: Command, context: CliContext): void {
  withConnection(
    keys
      .command('rotate')
      .description('make the next key current; the old one stays published until nothing it signed can live')
      .addOption(new Option('--alg <alg>', 'only keys of this algorithm').choices(['ES256', 'RS256', 'PS256'])),
  )
    .addHelpText('after', '\nExamples:\n  $ signet keys rotate\n  $ signet keys rotate --alg RS256 --json')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const body = options.alg === undefined ? {} : { alg: options.alg }
      const answer = await connect(options, context).change('/keys/rotate', { method: 'POST', body })
      const after = (answer?.items ?? []) as Document[]
      if (options.json) return printJson(context, after)
      print(context, `Rotated the ${options.alg ? `${options.alg} key` : 'signing keys'}.`, '')
      printKeys(context, after)
    })
}

function registerRetire(keys: Command, context: CliContext): void {
  withConnection(keys.command('retire <kid>').description('stop signing with a key; it stays published'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet keys retire KID')
    .action(async (kid: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Retire the signing key ${kid}?`, options)
      const path = apiPath('keys', kid, 'retire')
      const key = (await connect(options, context).change(path, { method: 'POST' })) ?? {}
      if (options.json) return printJson(context, key)
      print(context, `Retired the key ${kid}: it signs no more and stays published.`)
    })
}

function registerRevoke(keys: Command, context: CliContext): void {
  withConnection(keys.command('revoke <kid>').description('publish a key no more: what it signed is worth nothing'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet keys revoke KID --yes')
    .action(async (kid: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Revoke the signing key ${kid}? Tokens it signed stop working.`, options)
      await connect(options, context).change(apiPath('keys', kid), { method: 'DELETE' })
      if (options.json) return printJson(context, { kid, status: 'revoked' })
      print(context, `Revoked the key ${kid}: tokens it signed are worth nothing.`)
    })
}

function printKeys(context: CliContext, keys: readonly Document[]): void {
  printTable(
    context,
    [{ title: 'KID' }, { title: 'ALG' }, { title: 'SINCE (UTC)' }, { title: 'STATUS', style: stateStyle }],
    keys.map((key) => [key.kid, key.alg, clockTime(key.retired_at ?? key.activated_at ?? key.created_at), key.status]),
  )
}
