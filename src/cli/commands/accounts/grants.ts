/** `signet accounts grants`: lists and withdraws what a person allowed clients. */
import type { Command } from 'commander'
import { accountPath } from './path.ts'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { clockTime, collectAll, print, printJson, printJsonList, printTable } from '../../output.ts'

type Options = ConnectionOptions & { yes?: boolean }

export function registerGrants(accounts: Command, context: CliContext): void {
  const grants = accounts
    .command('grants')
    .description('what a person allowed which client')
    .addHelpText(
      'after',
      '\nExamples:\n  $ signet accounts grants ada@example.com\n  $ signet accounts grants withdraw ada@example.com CLIENT_ID',
    )
  registerList(grants, context)
  registerWithdraw(grants, context)
}

function registerList(grants: Command, context: CliContext): void {
  withConnection(grants.command('list <account>', { isDefault: true }).description('list the grants, newest first'))
    .addHelpText('after', '\nExample:\n  $ signet accounts grants list ada@example.com --json')
    .action(async (account: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const items = api.list(`${await accountPath(api, account)}/grants`)
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0) return print(context, `${account} allowed no client anything.`)
      printTable(
        context,
        ['CLIENT', 'CLIENT ID', 'GRANTED (UTC)', 'SCOPES'].map((title) => ({ title })),
        all.map((item) => [item.client_name, item.client_id, clockTime(item.granted_at), scopesOf(item)]),
      )
    })
}

function registerWithdraw(grants: Command, context: CliContext): void {
  withConnection(grants.command('withdraw <account> <client>').description('withdraw a grant, with all its tokens'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet accounts grants withdraw ada@example.com CLIENT_ID --yes')
    .action(async (account: string, client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const path = await accountPath(api, account)
      await confirm(context, `Withdraw what ${account} allowed the client ${client}?`, options)
      await api.change(`${path}/grants${apiPath(client)}`, { method: 'DELETE' })
      if (options.json) return printJson(context, { client_id: client, status: 'withdrawn' })
      print(context, `Withdrew what ${account} allowed the client ${client}.`)
    })
}

function scopesOf(grant: Document): string {
  const resources = grant.resources as { resource: string; scopes: string[] }[]
  const ofResources = resources.map(({ resource, scopes }) => `${scopes.join(' ')} (${resource})`)
  return [grant.scope, ...ofResources].filter(Boolean).join(', ')
}
