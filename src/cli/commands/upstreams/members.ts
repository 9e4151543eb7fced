/** The options of `signet upstreams create` and `update`, and the document that they form. */
import { type Command, Option } from 'commander'
import { AUTH_METHODS, RESPONSE_MODES } from '#federation/upstream.ts'
import type { Document } from '../../admin-client.ts'
import { type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { readPemFile } from '../../key-file.ts'
import { collect, collectMember } from '../../options.ts'
import { readSecret } from '../../standard-input.ts'
import { presetValuesOf, withPresetValues } from './preset-values.ts'

export interface UpstreamOptions extends ConnectionOptions {
  readonly preset?: string
  readonly upstreamIssuer?: string
  readonly clientId?: string
  readonly name?: string
  readonly auth?: string
  readonly secretStdin?: boolean
  readonly privateKeyFile?: string
  readonly scope?: string[]
  readonly claim?: Record<string, unknown>
  readonly domain?: string[] | false
  readonly trustEmail?: boolean
  readonly responseMode?: string
  readonly ownRedirectUri?: boolean
  readonly justInTime?: boolean
  readonly logout?: boolean
  readonly enabled?: boolean
  readonly yes?: boolean
}

export function withMembers(command: Command): Command {
  const first = withConnection(command)
    .option('--client-id <id>', 'our client id there')
    .option('--name <name>', 'as people know it')
    .addOption(new Option('--auth <method>', 'how we authenticate there').choices(AUTH_METHODS))
    .option('--secret-stdin', 'the client secret it gave us, read from standard input')
    .option('--private-key-file <file>', 'the private key it gave you, a PEM file (preset apple)')
  return withPresetValues(first)
    .option('--scope <scope>', 'asked there, may be repeated; openid is among them', collect)
    .option(
      '--claim <ours=theirs>',
      'a claim that is taken, may be repeated; all together replace those of before',
      collectMember,
    )
    .option('--domain <domain>', 'e-mail addresses of it are led there, may be repeated', collect)
    .option('--no-domain', 'no address is led there any more')
    .option('--trust-email', 'count its addresses as verified when it sends no email_verified')
    .option('--no-trust-email', 'count only addresses that it has verified as verified')
    .addOption(new Option('--response-mode <mode>', 'how it sends its response').choices(RESPONSE_MODES))
    .option('--own-redirect-uri', 'use a redirect URI of its own (default for new providers)')
    .option('--no-own-redirect-uri', 'share a redirect URI; safe only if the provider sends iss')
    .option('--just-in-time', 'people who were never here get an account')
    .option('--no-just-in-time', 'only whoever is linked comes in')
    .option('--logout', 'a sign-out here leads on to one there')
    .option('--no-logout', 'a sign-out here ends here')
    .option('--enabled', 'people may sign in with it')
    .option('--no-enabled', 'it signs nobody in, and its links stay')
}

/** Returns the members that the options give. */
export async function membersOf(options: UpstreamOptions, context: CliContext): Promise<Document> {
  const members = {
    client_id: options.clientId,
    name: options.name,
    preset_values: presetValuesOf(options),
    token_endpoint_auth_method: options.auth,
    client_secret: options.secretStdin === true ? await readSecret(context, 'client secret') : undefined,
    private_key: options.privateKeyFile === undefined ? undefined : await readPemFile(options.privateKeyFile),
    scopes: options.scope,
    claims: options.claim,
    domains: options.domain === false ? [] : options.domain,
    trust_email: options.trustEmail,
    response_mode: options.responseMode,
    own_redirect_uri: options.ownRedirectUri,
    just_in_time: options.justInTime,
    logout: options.logout,
    enabled: options.enabled,
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
