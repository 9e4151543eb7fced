/** The OpenID Connect client for upstream providers: discovery, authorization requests and their answers. */
import type { CryptoKey } from 'jose'
import type * as OpenIdClient from 'openid-client'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import type { BeginUpstream } from './upstream-sign-in.ts'
import type { UpstreamRules } from './validation.ts'
import type { Upstream, Upstreams } from './upstream.ts'

const METADATA_MAX_AGE_MS = 10 * 60 * 1000
/** The allowed difference between a provider's clock and ours. */
const CLOCK_TOLERANCE_SECONDS = 30
const ANSWER_SECONDS = 15

export interface ProvidersDeps {
  readonly upstreams: Pick<Upstreams, 'credential'>
  readonly fetch: GuardedFetch
  /** Whether a host may use plain http. */
  readonly allowHttp: UpstreamRules['allowHttp']
  readonly clock: Clock
  /** Returns the URL to which the provider sends people back. */
  readonly redirectUriOf: (upstream: Upstream) => string
}

/** The values that tie an answer to its request. */
export interface RequestSecrets {
  readonly state: string
  readonly nonce: string
  /** The PKCE code verifier (RFC 7636). */
  readonly verifier: string
}

export type UpstreamClaims = Readonly<Record<string, unknown>> & { readonly sub: string }

type Wishes = Pick<BeginUpstream, 'loginHint' | 'again'>

export interface Providers {
  /** Returns the URL of an authorization request. Throws the errors of discovery. */
  authorizationUrl(upstream: Upstream, secrets: RequestSecrets, wishes: Wishes): Promise<URL>
  /** Redeems the code of an authorization response. Throws when any check fails. */
  redeem(upstream: Upstream, answer: URLSearchParams, secrets: RequestSecrets): Promise<Redeemed>
  /** Returns the URL for sign-out at the provider; undefined when the provider has none. */
  endSessionUrl(upstream: Upstream, parameters: Record<string, string>): Promise<URL | undefined>
}

export interface Redeemed {
  /** The claims of the ID token. */
  readonly claims: UpstreamClaims
  /**
   * Returns the claims with those of userinfo, which are fetched when the ID token lacks a mapped one. Throws when the
   * provider does not answer. Only a person who is new here needs them.
   */
  profile(): Promise<UpstreamClaims>
}

interface Known {
  readonly version: number
  readonly until: number
  readonly configuration: Promise<OpenIdClient.Configuration>
}

export function createProviders(deps: ProvidersDeps): Providers {
  const known = new Map<string, Known>()

  async function configurationOf(upstream: Upstream): Promise<OpenIdClient.Configuration> {
    const now = deps.clock.now().getTime()
    const before = known.get(upstream.id)
    if (before && before.version === upstream.version && before.until > now) return before.configuration
    const configuration = discover(deps, upstream)
    const entry = { version: upstream.version, until: now + METADATA_MAX_AGE_MS, configuration }
    known.set(upstream.id, entry)
    configuration.catch(() => known.get(upstream.id) === entry && known.delete(upstream.id))
    return configuration
  }

  return {
    async authorizationUrl(upstream, { state, nonce, verifier }, { loginHint, again }) {
      const openid = await load()
      return openid.buildAuthorizationUrl(await configurationOf(upstream), {
        redirect_uri: deps.redirectUriOf(upstream),
        scope: upstream.scopes.join(' '),
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(upstream.responseMode === 'query' ? {} : { response_mode: upstream.responseMode }),
        ...(loginHint === undefined ? {} : { login_hint: loginHint }),
        // OpenID Connect Core §3.1.2.1: with max_age the provider has to say when the person signed in (`auth_time`)
        ...(again ? { prompt: 'login', max_age: '0' } : {}),
      })
    },

    redeem: async (upstream, answer, secrets) =>
      redeem(await configurationOf(upstream), {
        upstream,
        secrets,
        url: new URL(`${deps.redirectUriOf(upstream)}?${answer.toString()}`),
      }),

    async endSessionUrl(upstream, parameters) {
      const openid = await load()
      const configuration = await configurationOf(upstream)
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined
      return openid.buildEndSessionUrl(configuration, parameters)
    },
  }
}

interface Answer {
  readonly upstream: Upstream
  readonly secrets: RequestSecrets
  /** The redirect URI with the parameters of the answer. */
  readonly url: URL
}

async function redeem(
  configuration: OpenIdClient.Configuration,
  { upstream, secrets, url }: Answer,
): Promise<Redeemed> {
  const openid = await load()
  // OpenID Connect Core §3.1.3.7: checks iss, aud, azp, exp, nonce and, with the option set below, the signature
  const tokens = await openid.authorizationCodeGrant(configuration, url, {
    expectedState: secrets.state,
    expectedNonce: secrets.nonce,
    pkceCodeVerifier: secrets.verifier,
    idTokenExpected: true,
  })
  const claims = tokens.claims() as UpstreamClaims
  return {
    claims,
    async profile() {
      const isComplete = Object.values(upstream.claims).every((name) => claims[name] !== undefined)
      if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims
      // OpenID Connect Core §5.3.2: the sub must equal that of the ID token
      const further = await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub)
      return { ...further, ...claims }
    },
  }
}

async function discover(deps: ProvidersDeps, upstream: Upstream): Promise<OpenIdClient.Configuration> {
  const openid = await load()
  const issuer = new URL(upstream.issuer)
  const isPlain = issuer.protocol === 'http:' && deps.allowHttp(issuer.hostname)
  return openid.discovery(
    issuer,
    upstream.clientId,
    { [openid.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    await authentication(deps, upstream, openid),
    {
      timeout: ANSWER_SECONDS,
      [openid.customFetch]: (url, { method, headers, body }) =>
        deps.fetch(url, headers, { method, body: body instanceof URLSearchParams ? body.toString() : null }),
      execute: [
        // verifies the signature even though the token comes directly from the provider (ASVS 6.8.2)
        openid.enableNonRepudiationChecks,
        ...(isPlain ? [openid.allowInsecureRequests] : []),
      ],
    },
  )
}

async function authentication(
  { upstreams }: ProvidersDeps,
  { id, authMethod, publicJwk }: Upstream,
  openid: typeof OpenIdClient,
): Promise<OpenIdClient.ClientAuth> {
  const credential = (await upstreams.credential(id)) ?? ''
  if (authMethod === 'client_secret_basic') return openid.ClientSecretBasic(credential)
  if (authMethod === 'client_secret_post') return openid.ClientSecretPost(credential)
  const { importJWK } = await import('jose')
  const key = (await importJWK(JSON.parse(credential) as object, 'ES256')) as CryptoKey
  return openid.PrivateKeyJwt({ key, kid: publicJwk?.kid as string })
}

/**
 * Loads the library with the first sign-in that needs it, since many servers have no upstream and should start fast.
 */
function load(): Promise<typeof OpenIdClient> {
  return import('openid-client')
}
