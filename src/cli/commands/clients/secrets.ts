/** `signet clients secrets`: manages the secrets of a client. Each is shown once; several can be valid at a time. */
import type { Command } from 'commander'
import { apiPath } from '../../admin-client.ts'
import { confirm } from '../../confirm.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { clockTime, collectAll, print, printDetails, printJson, printJsonList, printTable } from '../../output.ts'

type Options = ConnectionOptions & { yes?: boolean }

export function registerClientSecrets(clients: Command, context: CliContext): void {
  const secrets = clients
    .command('secrets')
    .description('the secrets of a client')
    .addHelpText(
      'after',
      `
To change a secret without an outage: add one, give it to the client, revoke the old one.

Examples:
  $ signet clients secrets add ID
  $ signet clients secrets list ID
  $ signet clients secrets revoke ID SECRET_ID`,
    )
  registerList(secrets, context)
  registerAdd(secrets, context)
  registerRevoke(secrets, context)
}

function registerList(secrets: Command, context: CliContext): void {
  withConnection(
    secrets.command('list <client>', { isDefault: true }).description('list the secrets, without their values'),
  )
    .addHelpText('after', '\nExample:\n  $ signet clients secrets list ID --json')
    .action(async (client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const items = connect(options, context).list(apiPath('clients', client, 'secrets'))
      if (options.json) return printJsonList(context, items)
      const all = await collectAll(items)
      if (all.length === 0) return print(context, `The client ${client} has no secret.`)
      printTable(
        context,
        [{ title: 'SECRET ID' }, { title: 'CREATED (UTC)' }],
        all.map((item) => [item.id, clockTime(item.created_at)]),
      )
    })
}

function registerAdd(secrets: Command, context: CliContext): void {
  withConnection(secrets.command('add <client>').description('make a further secret and show it once'))
    .addHelpText('after', '\nExample:\n  $ signet clients secrets add ID --json')
    .action(async (client: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const added = await connect(options, context).change(apiPath('clients', client, 'secrets'), { method: 'POST' })
      if (options.json) return printJson(context, added)
      print(context, `The client ${client} has a further secret.`, '')
      printDetails(context, [
        ['client secret', added?.client_secret],
        ['secret id', added?.id],
      ])
      print(context, '', 'The secret is shown this once and kept nowhere: store it now.')
    })
}

function registerRevoke(secrets: Command, context: CliContext): void {
  withConnection(secrets.command('revoke <client> <secret-id>').description('revoke a secret'))
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nExample:\n  $ signet clients secrets revoke ID SECRET_ID --yes')
    .action(async (client: string, secret: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await confirm(context, `Revoke the secret ${secret} of the client ${client}?`, options)
      await connect(options, context).change(apiPath('clients', client, 'secrets', secret), { method: 'DELETE' })
      if (options.json) return printJson(context, { id: secret, status: 'revoked' })
      print(context, `Revoked the secret ${secret} of the client ${client}.`)
    })
}
