/** `signet resources allow`: sets the scopes of an API that a client may have. */
import type { Command } from 'commander'
import { apiPath } from '../../admin-client.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { collect } from '../../options.ts'
import { print, printJson } from '../../output.ts'

type Options = ConnectionOptions & { client: string; scope: string[] }

export function registerAllow(resources: Command, context: CliContext): void {
  withConnection(resources.command('allow <resource>').description('set which scopes of an API a client may have'))
    .requiredOption('--client <id>', 'the client')
    .requiredOption('--scope <scope>', 'a scope it may have, may be repeated; those not named are taken away', collect)
    .addHelpText(
      'after',
      '\nExample:\n  $ signet resources allow https://api.example.com --client ID --scope posts:read --scope posts:write',
    )
    .action(async (resource: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const path = apiPath('clients', options.client, 'allowances', resource)
      const body = { scopes: options.scope }
      const client = await connect(options, context).change(path, { method: 'PUT', body })
      if (options.json) return printJson(context, client)
      print(context, `The client ${options.client} may have ${options.scope.join(' ')} of ${resource}.`)
    })
}
