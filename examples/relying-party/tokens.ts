/** What the app asks of the issuer and, with the tokens it got, of the API. */
import { importJWK, type CryptoKey, type JWK } from 'jose'
import * as client from 'openid-client'
import type { Post, PostsOrReason } from './page.ts'
import type { Session, SignedIn } from './sessions.ts'

export interface AppOptions {
  readonly issuer: string
  readonly clientId: string
  /** The private key whose public half is registered. */
  readonly key: JWK
  /** Where the app itself is reached. */
  readonly url: string
  /** The identifier of the API and where it is reached. */
  readonly api: string
}

/** The issuer's metadata and how the app authenticates there; rejects when the issuer does not answer. */
export async function discover(options: AppOptions): Promise<client.Configuration> {
  const key = (await importJWK(options.key, options.key.alg ?? 'ES256')) as CryptoKey
  const privateKey = options.key.kid === undefined ? key : { key, kid: options.key.kid }
  const issuer = new URL(options.issuer)
  return client.discovery(issuer, options.clientId, {}, client.PrivateKeyJwt(privateKey), {
    // Plain http is for the issuer on this machine only.
    execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
  })
}

type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant | typeof client.refreshTokenGrant>>

export function fromTokens(tokens: Tokens): SignedIn {
  const claims = tokens.claims()
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const email = text(claims?.['email'])
  return {
    name: text(claims?.['name']) ?? email ?? claims?.sub ?? '',
    email,
    idToken: tokens.id_token ?? '',
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    expiresAt: expiry(tokens),
    renewals: 0,
  }
}

function expiry(tokens: Tokens): Date {
  return new Date(Date.now() + (tokens.expiresIn() ?? 0) * 1000)
}

/** A new access token; without one, because the refresh token has ended, the person is signed out here. */
export async function refresh(options: AppOptions, config: client.Configuration, session: Session): Promise<boolean> {
  const { signedIn } = session
  if (signedIn?.refreshToken === undefined) return false
  try {
    const tokens = await client.refreshTokenGrant(config, signedIn.refreshToken, { resource: options.api })
    session.signedIn = {
      ...signedIn,
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? signedIn.refreshToken,
      idToken: tokens.id_token ?? signedIn.idToken,
      expiresAt: expiry(tokens),
      renewals: signedIn.renewals + 1,
    }
    return true
  } catch (error) {
    if (!(error instanceof client.ResponseBodyError) || error.error !== 'invalid_grant') throw error
    session.signedIn = undefined
    return false
  }
}

/** What an API asks of a sign-in before it answers (RFC 9470 §3). */
export interface StepUp {
  readonly acrValues: string | undefined
  readonly maxAge: string | undefined
}

/**
 * The posts, or the drafts; an access token that has expired is renewed first. Where the API wants a surer or a more
 * recent sign-in, what it wants.
 */
export async function readPosts(
  options: AppOptions,
  config: client.Configuration,
  { session, kind }: { session: Session; kind: 'posts' | 'drafts' },
): Promise<PostsOrReason | StepUp> {
  const ask = () =>
    fetch(`${options.api}/api/${kind}`, {
      headers: { authorization: `Bearer ${session.signedIn?.accessToken}` },
      signal: AbortSignal.timeout(3000),
    })
  try {
    let response = await ask()
    const wanted = stepUp(response)
    if (wanted) return wanted
    if (response.status === 401 && (await refresh(options, config, session))) response = await ask()
    if (response.status === 200) return (await response.json()) as { posts: Post[] }
    return { reason: `The API refused (${response.status}): ${response.headers.get('www-authenticate') ?? ''}` }
  } catch {
    return { reason: 'The API does not answer at the moment.' }
  }
}

function stepUp(response: Response): StepUp | undefined {
  const challenge = response.headers.get('www-authenticate') ?? ''
  if (!challenge.includes('error="insufficient_user_authentication"')) return undefined
  const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1]
  return { acrValues: value('acr_values'), maxAge: value('max_age') }
}
