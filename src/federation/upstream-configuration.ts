/** What the OpenID Connect library must know of each provider: its metadata and how we authenticate there. */
import type { CryptoKey } from 'jose'
import type * as OpenIdClient from 'openid-client'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import type { UpstreamRules } from './member-rules.ts'
import type { OAuthProvider } from './presets/preset.ts'
import { traitsOf } from './presets/registry.ts'
import { signedClientSecret } from './signed-secret.ts'
import type { Upstream, Upstreams } from './upstream.ts'

const METADATA_MAX_AGE_MS = 10 * 60 * 1000
/** The allowed difference between a provider's clock and ours. */
const CLOCK_TOLERANCE_SECONDS = 30
const ANSWER_SECONDS = 15

export interface ConfigurationDeps {
  readonly upstreams: Pick<Upstreams, 'credential'>
  readonly fetch: GuardedFetch
  /** Whether a host may use plain http. */
  readonly allowHttp: UpstreamRules['allowHttp']
  readonly clock: Clock
}

interface Known {
  readonly version: number
  readonly until: number
  readonly configuration: Promise<OpenIdClient.Configuration>
}

/**
 * Loads the library with the first sign-in that needs it, since many servers have no upstream and should start fast.
 */
export function loadOpenIdClient(): Promise<typeof OpenIdClient> {
  return import('openid-client')
}

/** Returns the configuration of a provider, from a cache. Throws the errors of discovery. */
export function createConfigurations(
  deps: ConfigurationDeps,
): (upstream: Upstream) => Promise<OpenIdClient.Configuration> {
  const known = new Map<string, Known>()
  return async (upstream) => {
    const now = deps.clock.now().getTime()
    const before = known.get(upstream.id)
    if (before && before.version === upstream.version && before.until > now) return before.configuration
    const configuration = configure(deps, upstream)
    const entry = { version: upstream.version, until: now + METADATA_MAX_AGE_MS, configuration }
    known.set(upstream.id, entry)
    configuration.catch(() => known.get(upstream.id) === entry && known.delete(upstream.id))
    return configuration
  }
}

async function configure(deps: ConfigurationDeps, upstream: Upstream): Promise<OpenIdClient.Configuration> {
  const openid = await loadOpenIdClient()
  const issuer = new URL(upstream.issuer)
  const isPlain = issuer.protocol === 'http:' && deps.allowHttp(issuer.hostname)
  const metadata = { [openid.clockTolerance]: CLOCK_TOLERANCE_SECONDS }
  const auth = await authentication(deps, upstream, openid)
  const customFetch: OpenIdClient.CustomFetch = (url, { method, headers, body }) =>
    deps.fetch(url, headers, { method, body: body instanceof URLSearchParams ? body.toString() : null })
  const { oauth } = traitsOf(upstream)
  if (oauth) {
    const configuration = new openid.Configuration(serverOf(oauth, upstream), upstream.clientId, metadata, auth)
    if (isPlain) openid.allowInsecureRequests(configuration)
    configuration.timeout = ANSWER_SECONDS
    configuration[openid.customFetch] = async (url, options) => withErrorStatus(await customFetch(url, options))
    return configuration
  }
  return openid.discovery(issuer, upstream.clientId, metadata, auth, {
    timeout: ANSWER_SECONDS,
    [openid.customFetch]: customFetch,
    execute: [
      // verifies the signature even though the token comes directly from the provider (ASVS 6.8.2)
      openid.enableNonRepudiationChecks,
      ...(isPlain ? [openid.allowInsecureRequests] : []),
    ],
  })
}

function serverOf(oauth: OAuthProvider, { issuer }: Upstream): OpenIdClient.ServerMetadata {
  return { issuer, ...oauth.endpointsOf(issuer) }
}

/** Gives an error of the token endpoint the status 400 (RFC 6749 §5.2). GitHub answers errors with 200. */
async function withErrorStatus(response: Response): Promise<Response> {
  if (response.status !== 200) return response
  const body = await response.text()
  const { headers } = response
  return new Response(body, { status: saysError(body) ? 400 : 200, headers })
}

function saysError(body: string): boolean {
  try {
    const content = JSON.parse(body) as unknown
    return typeof content === 'object' && content !== null && 'error' in content && typeof content.error === 'string'
  } catch {
    return false
  }
}

async function authentication(
  { upstreams, clock }: ConfigurationDeps,
  upstream: Upstream,
  openid: typeof OpenIdClient,
): Promise<OpenIdClient.ClientAuth> {
  const { id, authMethod, publicJwk } = upstream
  const credential = (await upstreams.credential(id)) ?? ''
  if (authMethod === 'client_secret_basic') return openid.ClientSecretBasic(credential)
  if (authMethod === 'client_secret_post') return openid.ClientSecretPost(credential)
  if (authMethod === 'signed_client_secret') return signedClientSecret(upstream, credential, clock)
  const { importJWK } = await import('jose')
  const key = (await importJWK(JSON.parse(credential) as object, 'ES256')) as CryptoKey
  return openid.PrivateKeyJwt({ key, kid: publicJwk?.kid as string })
}
