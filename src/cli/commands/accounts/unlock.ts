/** `signet accounts unlock`: unlocks second factors that were locked after wrong codes. */
import type { Command } from 'commander'
import { accountPath } from './path.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { print, printJson } from '../../output.ts'

export function registerUnlock(accounts: Command, context: CliContext): void {
  withConnection(
    accounts.command('unlock <account>').description('unlock second factors that 100 wrong codes in a row have locked'),
  )
    .addHelpText(
      'after',
      '\nMake sure who is asking: the wrong codes were entered by someone who knows the first factor, such as the password.\n\nExample:\n  $ signet accounts unlock ada@example.com',
    )
    .action(async (account: string, _: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions>()
      const api = connect(options, context)
      const path = await accountPath(api, account)
      await api.change(`${path}/unlock-factors`, { method: 'POST' })
      if (options.json) return printJson(context, (await api.read(path)).document)
      print(context, `Unlocked the second factors of ${account}.`)
    })
}
