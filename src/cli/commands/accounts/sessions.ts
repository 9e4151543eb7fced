/** `signet accounts sessions`: lists and ends the browser sessions of a person. */
import type { Command } from 'commander'
import { accountPath } from './path.ts'
import { apiPath, type Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { clockTime, collectAll, print, printJson, printJsonList, printTable } from '../../output.ts'

type Options = ConnectionOptions & { yes?: boolean }

export function registerSessions(accounts: Command, context: CliContext): void {
  const sessions = accounts
    .command('sessions')
    .description('the browser sessions of a person')
    .addHelpText(
      'after',
      '\nExamples:\n  $ signet accounts sessions ada@example.com\n  $ signet accounts sessions end ada@example.com SESSION_ID',
    )
  registerList(sessions, context)
  registerEnd(sessions, context)
}

function registerList(sessions: Command, context: CliContext): void {
  withConnection(sessions.command('list <account>', { isDefault: true }).description('list the sessions, newest first'))
    .addHelpText('after', '\nExample:\n  $ signet accounts sessions list ada@example.com --json')
    .action(async (account: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const items = api.list(`${await accountPath(api, account)}/sessions`)
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0) return print(context, `${account} is signed in nowhere.`)
      printTable(
        context,
        ['SESSION ID', 'SIGNED IN (UTC)', 'EXPIRES (UTC)', 'CLIENTS'].map((title) => ({ title })),
        all.map((item) => [item.id, clockTime(item.signed_in_at), clockTime(item.expires_at), namesOf(item)]),
      )
    })
}

/** Returns the names of the clients of a session, or the ids of those that have none. */
function namesOf({ client_ids: ids, client_names: names }: Document): string {
  return (ids as string[]).map((id) => (names as Record<string, string> | undefined)?.[id] ?? id).join(', ')
}

function registerEnd(sessions: Command, context: CliContext): void {
  withConnection(sessions.command('end <account> <session-id>').description('end a session: sign the browser out'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet accounts sessions end ada@example.com SESSION_ID --yes')
    .action(async (account: string, session: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const path = await accountPath(api, account)
      await confirm(context, `End the session ${session} of ${account}?`, options)
      await api.change(`${path}/sessions${apiPath(session)}`, { method: 'DELETE' })
      if (options.json) return printJson(context, { id: session, status: 'ended' })
      print(context, `Ended the session ${session} of ${account}.`)
    })
}
