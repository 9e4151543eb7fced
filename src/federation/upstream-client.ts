/** The client of upstream providers: authorization requests and their answers. */
import type * as OpenIdClient from 'openid-client'
import type { OAuthProvider } from './presets/preset.ts'
import { traitsOf } from './presets/registry.ts'
import type { Redeemed, UpstreamClaims } from './redeemed.ts'
import { type ConfigurationDeps, createConfigurations, loadOpenIdClient } from './upstream-configuration.ts'
import type { BeginUpstream } from './upstream-sign-in.ts'
import type { Upstream } from './upstream.ts'

export interface ProvidersDeps extends ConfigurationDeps {
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

type Wishes = Pick<BeginUpstream, 'loginHint' | 'again'>

export interface Providers {
  /** Returns the URL of an authorization request. Throws the errors of discovery. */
  authorizationUrl(upstream: Upstream, secrets: RequestSecrets, wishes: Wishes): Promise<URL>
  /** Redeems the code of an authorization response. Throws when any check fails. */
  redeem(upstream: Upstream, answer: URLSearchParams, secrets: RequestSecrets): Promise<Redeemed>
  /** Returns the URL for sign-out at the provider; undefined when the provider has none. */
  endSessionUrl(upstream: Upstream, parameters: Record<string, string>): Promise<URL | undefined>
}

export function createProviders(deps: ProvidersDeps): Providers {
  const configurationOf = createConfigurations(deps)

  return {
    async authorizationUrl(upstream, { state, nonce, verifier }, { loginHint, again }) {
      const openid = await loadOpenIdClient()
      const traits = traitsOf(upstream)
      return openid.buildAuthorizationUrl(await configurationOf(upstream), {
        redirect_uri: deps.redirectUriOf(upstream),
        scope: upstream.scopes.join(' '),
        state,
        ...(traits.oauth ? {} : { nonce }),
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(upstream.responseMode === 'query' ? {} : { response_mode: upstream.responseMode }),
        ...(loginHint === undefined ? {} : { login_hint: loginHint }),
        ...(again ? traits.again : {}),
      })
    },

    async redeem(upstream, answer, secrets) {
      const configuration = await configurationOf(upstream)
      const url = new URL(`${deps.redirectUriOf(upstream)}?${answer.toString()}`)
      const { oauth } = traitsOf(upstream)
      const redemption = { upstream, secrets, url }
      return oauth ? redeemCode(configuration, oauth, redemption) : redeemIdToken(configuration, redemption)
    },

    async endSessionUrl(upstream, parameters) {
      const openid = await loadOpenIdClient()
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

async function redeemIdToken(
  configuration: OpenIdClient.Configuration,
  { upstream, secrets, url }: Answer,
): Promise<Redeemed> {
  const openid = await loadOpenIdClient()
  // OpenID Connect Core §3.1.3.7: checks iss, aud, azp, exp, nonce and, by the configuration, the signature
  const tokens = await openid.authorizationCodeGrant(configuration, url, {
    expectedState: secrets.state,
    expectedNonce: secrets.nonce,
    pkceCodeVerifier: secrets.verifier,
    idTokenExpected: true,
  })
  const theirs = tokens.claims() as UpstreamClaims
  const keyIssuer = keyIssuerOf(openid.getJwksCache(configuration)?.jwks, tokens.id_token)
  const ours = (claims: UpstreamClaims) =>
    traitsOf(upstream).claimsOf?.({ claims, issuer: upstream.issuer, keyIssuer }) ?? claims
  return {
    claims: ours(theirs),
    async profile() {
      const isComplete = Object.values(upstream.claims).every((name) => theirs[name] !== undefined)
      if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return ours(theirs)
      // OpenID Connect Core §5.3.2: the sub must equal that of the ID token
      const further = await openid.fetchUserInfo(configuration, tokens.access_token, theirs.sub)
      return ours({ ...further, ...theirs })
    },
  }
}

/** Returns the member `issuer` of the key that signed an ID token. */
function keyIssuerOf(jwks: { readonly keys: readonly object[] } | undefined, idToken: string | undefined): unknown {
  const [header = ''] = idToken?.split('.') ?? []
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: unknown }
  const keys = (jwks?.keys ?? []) as readonly { kid?: unknown; issuer?: unknown }[]
  return keys.find((key) => key.kid === kid)?.issuer
}

/** Redeems the code of a provider without ID tokens, and asks its API for the person. */
async function redeemCode(
  configuration: OpenIdClient.Configuration,
  oauth: OAuthProvider,
  { upstream, secrets, url }: Answer,
): Promise<Redeemed> {
  const openid = await loadOpenIdClient()
  const tokens = await openid.authorizationCodeGrant(configuration, url, {
    expectedState: secrets.state,
    pkceCodeVerifier: secrets.verifier,
  })
  async function get(from: string): Promise<unknown> {
    const headers = new Headers({ accept: 'application/json' })
    const { access_token: token } = tokens
    const response = await openid.fetchProtectedResource(configuration, token, new URL(from), 'GET', null, headers)
    if (response.status !== 200) throw new Error(`${new URL(from).pathname} was answered with ${response.status}`)
    return response.json()
  }
  return oauth.personOf(get, upstream.issuer)
}
