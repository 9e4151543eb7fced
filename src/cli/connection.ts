/** Selects the server and the key of a command: `--issuer`, `--key`, and the settings that they default to. */
import type { Command } from 'commander'
import { cliKeyPath } from '#admin/cli-key.ts'
import { loadClientConfig } from '#config/load.ts'
import { type AdminClient, createAdminClient } from './admin-client.ts'
import type { CliContext } from './context.ts'
import { usageFailure } from './failure.ts'

export interface ConnectionOptions {
  readonly issuer?: string
  readonly key?: string
  readonly json?: boolean
}

/** Adds `--issuer` and `--key`, which every admin API command takes. */
export function withConnection(command: Command): Command {
  return withIssuer(command).option(
    '--key <file>',
    'the private key of signet-cli (default: $SIGNET_KEYS_DIR/admin-cli.jwk.json)',
  )
}

export function withIssuer(command: Command): Command {
  return command.option('--issuer <url>', 'the server (default: SIGNET_ISSUER, else http://localhost:$PORT)')
}

/**
 * Returns the issuer without a trailing slash. Throws a usage failure when the option is not an http(s) URL, and
 * ConfigError for an invalid setting.
 */
export function issuerOf({ issuer }: ConnectionOptions, { env }: CliContext): string {
  if (issuer === undefined) return loadClientConfig(env).issuer
  const url = URL.parse(issuer)
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username) {
    throw usageFailure(`The issuer ${issuer} is not a URL such as https://id.example.com.`)
  }
  return issuer.replace(/\/+$/, '')
}

/** Returns the path of the key of `signet-cli`. */
export function adminKeyFileOf({ key }: ConnectionOptions, { env }: CliContext): string {
  return key ?? cliKeyPath(loadClientConfig(env).keysDir)
}

/** Returns a client of the admin API for the server that options and settings name. */
export function connect(options: ConnectionOptions, context: CliContext): AdminClient {
  return createAdminClient({ issuer: issuerOf(options, context), keyFile: adminKeyFileOf(options, context) })
}
