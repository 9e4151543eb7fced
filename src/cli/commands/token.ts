/** `signet token`: gets an access token with a client's key, to try an API. */
import type { Command } from 'commander'
import { CLI_CLIENT_ID } from '#admin/cli-client.ts'
import { adminResourceOf } from '#admin/scopes.ts'
import { ADMIN_KEY_HINT } from '../admin-client.ts'
import { adminKeyFileOf, type ConnectionOptions, issuerOf, withIssuer } from '../connection.ts'
import type { CliContext } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { readKeyFile } from '../key-file.ts'
import { collect } from '../options.ts'
import { print, printJson } from '../output.ts'
import { requestToken } from '../token-request.ts'

interface Options extends ConnectionOptions {
  readonly clientId?: string
  readonly resource?: string
  readonly scope?: string[]
}

export function register(program: Command, context: CliContext): void {
  withIssuer(program.command('token').description('get an access token with a client key, for trying an API'))
    .option('--client-id <id>', `the client (default: ${CLI_CLIENT_ID}, with its own key)`)
    .option('--key <file>', "the client's private key, a JWK")
    .option('--resource <identifier>', 'the API that the token is for')
    .option(
      '--scope <scope>',
      'a scope to ask for, may be repeated (default: what the client is registered for)',
      collect,
    )
    .addHelpText(
      'after',
      `
Without --json the access token is printed alone.

Examples:
  $ signet token --client-id ID --key billing.jwk.json --resource https://api.example.com --scope posts:read
  $ curl -H "Authorization: Bearer $(signet token)" http://localhost:3000/admin/v1/clients`,
    )
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const response = await requestToken(await tokenRequest(options, context))
      if (options.json) return printJson(context, response)
      print(context, response.access_token)
    })
}

async function tokenRequest(options: Options, context: CliContext) {
  const issuer = issuerOf(options, context)
  const scope = options.scope?.join(' ')
  if (options.clientId === undefined || options.clientId === CLI_CLIENT_ID) {
    const key = await readKeyFile(adminKeyFileOf(options, context), ADMIN_KEY_HINT)
    return { issuer, clientId: CLI_CLIENT_ID, key, resource: options.resource ?? adminResourceOf(issuer), scope }
  }
  if (options.key === undefined) throw usageFailure(`Name the private key of ${options.clientId} by --key FILE.`)
  const key = await readKeyFile(options.key, 'name the file that --generate-key wrote, or another private JWK.')
  return { issuer, clientId: options.clientId, key, resource: options.resource, scope }
}
