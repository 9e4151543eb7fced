/** `signet accounts`: manages accounts. */
import type { Command } from 'commander'
import { accountPath, pathOfSubject } from './path.ts'
import type { Document } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
import { collectMember } from '../../options.ts'
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
import { registerGrants } from './grants.ts'
import { registerMail } from './mail.ts'
import { registerSessions } from './sessions.ts'
import { registerUnlock } from './unlock.ts'

interface Options extends ConnectionOptions {
  readonly email?: string
  readonly name?: string
  readonly emailVerified?: boolean
  readonly set?: Record<string, unknown>
  readonly passwordStdin?: boolean
  readonly mustChangePassword?: boolean
  readonly yes?: boolean
}

const STANDARD_MEMBERS = ['sub', 'email', 'email_verified', 'name', 'status', 'created_at', 'updated_at']

export function register(program: Command, context: CliContext): void {
  const accounts = program
    .command('accounts')
    .description('people; an account is named by its sub or its e-mail address')
  registerCreate(accounts, context)
  registerList(accounts, context)
  registerShow(accounts, context)
  registerUpdate(accounts, context)
  registerStatus(accounts, context, 'disable')
  registerStatus(accounts, context, 'enable')
  registerDelete(accounts, context)
  registerMail(accounts, context)
  registerUnlock(accounts, context)
  registerSessions(accounts, context)
  registerGrants(accounts, context)
}

function withMembers(command: Command): Command {
  return withConnection(command)
    .option('--name <name>', 'in full, as they are called')
    .option('--email-verified', 'the address is known to be theirs')
    .option('--set <name=value>', 'a standard claim, such as locale=en; may be repeated', collectMember)
}

function registerCreate(accounts: Command, context: CliContext): void {
  withMembers(accounts.command('create').description('make an account'))
    .requiredOption('--email <email>', 'the e-mail address they sign in with')
    .option('--password-stdin', 'the first password, read from standard input')
    .option('--must-change-password', 'another password must be chosen at the first sign-in')
    .addHelpText(
      'after',
      `
Examples:
  $ signet accounts create --email ada@example.com --name "Ada Lovelace" --password-stdin < password.txt
  $ signet accounts create --email ada@example.com --set locale=en --json`,
    )
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      if (options.mustChangePassword && !options.passwordStdin) {
        throw usageFailure('--must-change-password goes with --password-stdin.')
      }
      const password = options.passwordStdin ? { password: await readSecret(context, 'password') } : {}
      const change = options.mustChangePassword ? { must_change_password: true } : {}
      const body = { ...membersOf(options), ...password, ...change }
      const created = await connect(options, context).change('/accounts', { method: 'POST', body })
      if (options.json) return printJson(context, created)
      print(context, `Made the account of ${options.email}.`, '')
      printAccount(context, created ?? {})
    })
}

function registerList(accounts: Command, context: CliContext): void {
  withConnection(accounts.command('list').description('list the accounts'))
    .addHelpText('after', '\nExample:\n  $ signet accounts list --json')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const items = connect(options, context).list('/accounts')
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0) {
        return print(
          context,
          'No accounts yet. Make one: signet accounts create --email ada@example.com --password-stdin',
        )
      }
      printTable(
        context,
        [{ title: 'E-MAIL' }, { title: 'NAME' }, { title: 'SUB' }, { title: 'STATUS', style: stateStyle }],
        all.map((item) => [item.email, item.name, item.sub, item.status]),
      )
    })
}

function registerShow(accounts: Command, context: CliContext): void {
  withConnection(accounts.command('show <account>').description('show an account'))
    .option('--client <client>', 'the account is named by the sub that this client knows, which may be pairwise')
    .addHelpText(
      'after',
      `
Examples:
  $ signet accounts show ada@example.com
  $ signet accounts show pair-7f3k --client ID`,
    )
    .action(async (account: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options & { client?: string }>()
      const api = connect(options, context)
      const { client } = options
      const path = client === undefined ? await accountPath(api, account) : await pathOfSubject(api, account, client)
      const { document } = await api.read(path)
      if (options.json) return printJson(context, document)
      printAccount(context, document)
    })
}

function registerUpdate(accounts: Command, context: CliContext): void {
  withMembers(accounts.command('update <account>').description('change an account'))
    .option('--email <email>', 'another e-mail address; needs the scope accounts:email:write')
    .option('--no-email-verified', 'the address is not known to be theirs')
    .addHelpText('after', '\nExample:\n  $ signet accounts update ada@example.com --name "Ada King" --set locale=null')
    .action(async (account: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const body = membersOf(options)
      if (Object.keys(body).length === 0) throw usageFailure('Name what to change, such as --name. See --help.')
      const api = connect(options, context)
      const updated = await api.change(await accountPath(api, account), { method: 'PATCH', body })
      if (options.json) return printJson(context, updated)
      print(context, `Changed the account of ${String(updated?.email)}.`, '')
      printAccount(context, updated ?? {})
    })
}

function registerStatus(accounts: Command, context: CliContext, verb: 'enable' | 'disable'): void {
  const description = verb === 'enable' ? 'let an account sign in again' : 'let an account sign in nowhere'
  withConnection(accounts.command(`${verb} <account>`).description(description))
    .addHelpText('after', `\nExample:\n  $ signet accounts ${verb} ada@example.com`)
    .action(async (account: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const changed = await api.change(`${await accountPath(api, account)}/${verb}`, { method: 'POST' })
      if (options.json) return printJson(context, changed)
      print(context, `${verb === 'enable' ? 'Enabled' : 'Disabled'} the account of ${String(changed?.email)}.`)
    })
}

function registerDelete(accounts: Command, context: CliContext): void {
  withConnection(accounts.command('delete <account>').description('delete an account'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet accounts delete ada@example.com --yes')
    .action(async (account: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const path = await accountPath(api, account)
      const { document } = await api.read(path)
      await confirm(context, `Delete the account of ${String(document.email)}? It cannot be brought back.`, options)
      await api.change(path, { method: 'DELETE' })
      if (options.json) return printJson(context, { sub: document.sub, status: 'deleted' })
      print(context, `Deleted the account of ${String(document.email)}.`)
    })
}

function membersOf({ email, name, emailVerified, set }: Options): Document {
  const members = { email, name, email_verified: emailVerified, ...set }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function printAccount(context: CliContext, account: Document): void {
  const claims = Object.entries(account).filter(([member]) => !STANDARD_MEMBERS.includes(member))
  printDetails(context, [
    ['sub', account.sub],
    ['e-mail', account.email_verified ? `${String(account.email)} (verified)` : account.email],
    ['name', account.name],
    ...claims,
    ['status', account.status],
    ['created', moment(account.created_at)],
    ['updated', moment(account.updated_at)],
  ])
}
