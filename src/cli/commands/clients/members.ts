/** The options of `signet clients create` and `update`, and the RFC 7591 document that they form. */
import { type Command, Option } from 'commander'
import type { JWK } from 'jose'
import { AUTH_METHODS } from '#clients/auth-methods.ts'
import { isProfile, defaultGrantTypes } from '#clients/profiles.ts'
import type { Document } from '../../admin-client.ts'
import { type ConnectionOptions, withConnection } from '../../connection.ts'
import { usageFailure } from '../../failure.ts'
import { readCertificateFile, readJwksFile } from '../../key-file.ts'
import { type NewKeyOptions, withNewKeyOptions } from '../../new-key.ts'
import { collect, collectAllowance, collectMember, type GivenAllowance } from '../../options.ts'

export interface ClientOptions extends ConnectionOptions, NewKeyOptions {
  readonly id?: string
  readonly profile?: string
  readonly name?: string
  readonly redirectUri?: string[]
  readonly postLogoutRedirectUri?: string[]
  readonly origin?: string[]
  readonly auth?: string
  readonly grant?: string[]
  readonly jwksFile?: string
  readonly jwksUri?: string
  readonly certificate?: string
  readonly allow?: GivenAllowance[]
  readonly defaultResource?: string | false
  readonly assertionAudience?: string
  readonly introspect?: boolean
  readonly pkce?: string
  readonly set?: Record<string, unknown>
}

export function withClientMembers(command: Command): Command {
  return withNewKeyOptions(withConnection(command))
    .option('--name <name>', 'what people read on the consent page')
    .option('--redirect-uri <uri>', 'where the code is sent, may be repeated', collect)
    .option('--post-logout-redirect-uri <uri>', 'where people go after sign-out, may be repeated', collect)
    .option('--origin <origin>', 'from where a browser app calls the token endpoint, may be repeated', collect)
    .addOption(new Option('--auth <method>', 'how it authenticates').choices(Object.keys(AUTH_METHODS)))
    .option('--grant <type>', 'a further grant type, may be repeated', collect)
    .option('--jwks-file <file>', 'its public keys, a JWK Set')
    .option('--jwks-uri <url>', 'where its public keys are')
    .option('--certificate <file>', 'its TLS certificate (PEM), for self_signed_tls_client_auth')
    .option('--allow <resource=scope,…>', 'scopes of an API it may have, may be repeated', collectAllowance)
    .option('--default-resource <resource>', 'the API meant when a request names none')
    .addOption(
      new Option('--assertion-audience <audience>', 'what its assertions may name as aud').choices([
        'issuer',
        'token-endpoint',
      ]),
    )
    .option('--introspect', 'it is told about tokens issued to others: an API or its gateway')
    .addOption(new Option('--pkce <mode>', 'whether its requests must have PKCE').choices(['required', 'optional']))
    .option('--set <name=value>', 'any other RFC 7591 member, JSON or plain text; may be repeated', collectMember)
}

/** Throws when the options name several sources of keys: a new key file, a key set file, a URL or a certificate. */
export function refuseSeveralKeys({ generateKey, jwksFile, jwksUri, certificate }: ClientOptions): void {
  const given = [generateKey, jwksFile, jwksUri, certificate].filter((value) => value !== undefined)
  if (given.length > 1) {
    throw usageFailure('--generate-key, --jwks-file, --jwks-uri and --certificate exclude each other: give one.')
  }
}

/** Returns the document of the options. `--grant` and `--allow` add to the lists of `before`, if given. */
export async function clientDocumentOf(
  options: ClientOptions,
  key: JWK | undefined,
  before?: Document,
): Promise<Document> {
  const keys = key ? { keys: [key] } : await keysOf(options)
  const { assertionAudience } = options
  const members = {
    client_id: options.id,
    signet_profile: options.profile,
    client_name: options.name,
    redirect_uris: options.redirectUri,
    post_logout_redirect_uris: options.postLogoutRedirectUri,
    signet_origins: options.origin,
    token_endpoint_auth_method: options.auth,
    grant_types: options.grant && grantTypes(options, options.grant, before),
    jwks: keys,
    jwks_uri: options.jwksUri,
    signet_allow: options.allow && allowances(options.allow, before),
    signet_default_resource: options.defaultResource === false ? null : options.defaultResource,
    signet_assertion_audience: assertionAudience === 'token-endpoint' ? 'token_endpoint' : assertionAudience,
    signet_introspect: options.introspect,
    signet_pkce: options.pkce,
    ...options.set,
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

async function keysOf({ jwksFile, certificate }: ClientOptions): Promise<{ keys: JWK[] } | undefined> {
  if (certificate !== undefined) return { keys: [await readCertificateFile(certificate)] }
  return jwksFile === undefined ? undefined : readJwksFile(jwksFile)
}

/** `--grant` adds to the client's grant types, or to the defaults of its profile. */
function grantTypes({ profile }: ClientOptions, added: readonly string[], before: Document | undefined): string[] {
  const defaults = isProfile(profile) ? defaultGrantTypes(profile) : []
  const present = Array.isArray(before?.grant_types) ? before.grant_types.map(String) : defaults
  return [...new Set([...present, ...added])]
}

/** `--allow` replaces the scopes of the resources that it names, and keeps the others. */
function allowances(given: readonly GivenAllowance[], before: Document | undefined): GivenAllowance[] {
  const present = Array.isArray(before?.signet_allow) ? (before.signet_allow as GivenAllowance[]) : []
  return [...present.filter(({ resource }) => !given.some((allowance) => allowance.resource === resource)), ...given]
}
