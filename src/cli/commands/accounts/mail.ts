/** `signet accounts invite` and `signet accounts reset-password`: send a link to set the password. */
import type { Command } from 'commander'
import { accountPath } from './path.ts'
import { apiPath } from '../../admin-client.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { print, printJson } from '../../output.ts'

interface InviteOptions extends ConnectionOptions {
  readonly email: string
  readonly name?: string
  readonly locale?: string
}

export function registerMail(accounts: Command, context: CliContext): void {
  registerInvite(accounts, context)
  registerReset(accounts, context)
}

function registerInvite(accounts: Command, context: CliContext): void {
  withConnection(accounts.command('invite').description('make an account whose owner chooses the password, by mail'))
    .requiredOption('--email <email>', 'where the invitation goes; an account that waits for its owner gets it anew')
    .option('--name <name>', 'in full, as they are called; they may change it')
    .option('--locale <locale>', 'the language that the mail is written in')
    .addHelpText(
      'after',
      `
The link works once, for seven days. It needs the setting registration.mode, and outgoing mail.

Example:
  $ signet accounts invite --email ada@example.com --name "Ada Lovelace" --locale en`,
    )
    .action(async (_: InviteOptions, command: Command) => {
      const options = command.optsWithGlobals<InviteOptions>()
      const { email, name, locale } = options
      const api = connect(options, context)
      const body = { email, ...(name === undefined ? {} : { name }), ...(locale === undefined ? {} : { locale }) }
      const before = await accountIdOf(api, email)
      const made = before === undefined ? await api.change('/accounts', { method: 'POST', body }) : undefined
      const path = apiPath('accounts', String(before ?? made?.sub))
      try {
        await api.change(`${path}/invite`, { method: 'POST' })
      } catch (error) {
        if (made) await api.change(path, { method: 'DELETE' })
        throw error
      }
      if (options.json) return printJson(context, (await api.read(path)).document)
      print(context, `Invited ${email}. The link in the mail works once, for seven days.`)
    })
}

function registerReset(accounts: Command, context: CliContext): void {
  withConnection(
    accounts.command('reset-password <account>').description('send a person the link to choose a new password'),
  )
    .addHelpText(
      'after',
      '\nNobody but the person sees or chooses the password. The link works once, for ten minutes.\n\nExample:\n  $ signet accounts reset-password ada@example.com',
    )
    .action(async (account: string, _: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions>()
      const api = connect(options, context)
      const path = await accountPath(api, account)
      await api.change(`${path}/reset-password`, { method: 'POST' })
      if (options.json) return printJson(context, (await api.read(path)).document)
      print(context, `Sent a mail to the owner of ${account}. The link in it works once, for ten minutes.`)
    })
}

/** Returns the sub of the account with this address, or undefined. */
async function accountIdOf(api: ReturnType<typeof connect>, email: string): Promise<unknown> {
  for await (const found of api.list('/accounts', { email })) return found.sub
  return undefined
}
