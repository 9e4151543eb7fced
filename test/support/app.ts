/** A test app: sends a person to the issuer and redeems the response for tokens, over plain HTTP. */
import { randomUUID } from 'node:crypto'
import type { RegisteredClient } from './administrator.ts'
import { assertionParams } from './assertion.ts'
import { answerOf, type Person, pkce } from './person.ts'
import type { Reachable } from './server.ts'

export interface TokenAnswer {
  readonly status: number
  readonly body: Record<string, string>
  readonly headers: Headers
}

export interface AuthorizationAttempt {
  readonly url: string
  /** The parameters of the URL, as a pushed request has them too. */
  readonly params: Record<string, string>
  readonly verifier: string
  readonly state: string
}

export interface App {
  readonly redirectUri: string
  /** Returns an authorization URL. `params` replace parameters; an empty string removes one. */
  begin(params?: Record<string, string>): AuthorizationAttempt
  /** Signs a person in and returns the code. */
  code(
    person: Person,
    who: { email: string; password: string },
    params?: Record<string, string>,
  ): Promise<{ code: string; verifier: string }>
  /** Sends a token request. Public clients send their id, others authenticate. */
  token(params: Record<string, string>, through?: Reachable): Promise<TokenAnswer>
  /** Sends any other back-channel request, authenticated as this client. */
  call(path: string, params: Record<string, string>, through?: Reachable): Promise<TokenAnswer>
  /** Pushes an authorization request (RFC 9126). */
  push(params: Record<string, string>): Promise<TokenAnswer>
  redeem(
    grant: { code: string; verifier: string },
    params?: Record<string, string>,
    through?: Reachable,
  ): Promise<TokenAnswer>
  refresh(refreshToken: string, params?: Record<string, string>, through?: Reachable): Promise<TokenAnswer>
}

export function createApp(server: Reachable, client: RegisteredClient, redirectUri: string, isPublic = false): App {
  async function post(path: string, params: Record<string, string>, through = server): Promise<TokenAnswer> {
    const own = isPublic
      ? { client_id: client.id }
      : await assertionParams({ issuer: server.issuer, clientId: client.id, key: client.key })
    const response = await through.fetch(path, { method: 'POST', body: new URLSearchParams({ ...own, ...params }) })
    const text = await response.text()
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, string>),
      headers: response.headers,
    }
  }

  const app: App = {
    redirectUri,
    begin(params = {}) {
      const { verifier, challenge } = pkce()
      const state = randomUUID()
      const all = new URLSearchParams({
        client_id: client.id,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid',
        state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...params,
      })
      for (const name of Object.keys(params)) if (params[name] === '') all.delete(name)
      const url = `${server.issuer}/authorize?${all.toString()}`
      return { url, params: Object.fromEntries(all), verifier, state: all.get('state') ?? '' }
    },
    async code(person, who, params) {
      const { url, verifier } = app.begin(params)
      const answer = answerOf(await person.authorize(url, who))
      if (typeof answer['code'] !== 'string') throw new Error(`no code: ${JSON.stringify(answer)}`)
      return { code: answer['code'], verifier }
    },
    token: (params, through) => post('/token', params, through),
    call: post,
    push: (params) => post('/par', params),
    redeem: ({ code, verifier }, params = {}, through = server) =>
      post(
        '/token',
        { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...params },
        through,
      ),
    refresh: (refreshToken, params = {}, through = server) =>
      post('/token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...params }, through),
  }
  return app
}
