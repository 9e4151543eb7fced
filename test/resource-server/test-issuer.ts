/** A small issuer over HTTP for these tests: it publishes keys, signs whatever is asked, and can be made to fail. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
} from 'jose'

export interface SigningPair {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export interface TestIssuer {
  readonly issuer: string
  /** The paths asked for, in order. */
  readonly requests: string[]
  /** What was posted, in order. */
  readonly posted: { readonly authorization: string | undefined; readonly parameters: URLSearchParams }[]
  /** What is published; changed at will. */
  keys: SigningPair[]
  /**
   * Answers that replace the usual ones, by path: a status, a JSON document, text, `hang`, or a function of the token that
   * is introspected.
   */
  answers: Map<string, number | object | string | ((token: string) => number | object | string)>
  close(): Promise<void>
}

export const audience = 'https://api.example.com'

/** Returns a token in the shape of Signet's opaque ones: 43 characters. */
export const anOpaqueToken = (number: number) => `${number}-_`.padEnd(43, 'Az')

export async function aSigningPair(kid: string, alg = 'ES256'): Promise<SigningPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export function publicKeys(pairs: readonly SigningPair[]): JSONWebKeySet {
  return { keys: pairs.map((pair) => pair.publicJwk) }
}

export async function startTestIssuer(keys: SigningPair[], path = ''): Promise<TestIssuer> {
  const server = createServer(async (request, response) => {
    const url = request.url ?? ''
    issuer.requests.push(url)
    const parameters = new URLSearchParams(await text(request))
    if (request.method === 'POST') issuer.posted.push({ authorization: request.headers.authorization, parameters })
    const found = issuer.answers.get(url) ?? usual(issuer, url)
    const answer = typeof found === 'function' ? found(parameters.get('token') ?? '') : found
    if (answer === 'hang') return
    if (typeof answer === 'number') {
      // The body is that of a 200, which must not count under another status.
      response.writeHead(answer, { location: `${issuer.issuer}/elsewhere` }).end('{"active":true}')
      return
    }
    const body = typeof answer === 'string' ? answer : JSON.stringify(answer)
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer: TestIssuer = {
    issuer: `http://127.0.0.1:${port}${path}`,
    requests: [],
    posted: [],
    keys,
    answers: new Map(),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return issuer
}

function usual(issuer: TestIssuer, url: string): number | object {
  const path = new URL(issuer.issuer).pathname.replace(/\/$/, '')
  if (url === `/.well-known/oauth-authorization-server${path}`) {
    const own = issuer.issuer
    return { issuer: own, jwks_uri: `${own}/jwks`, introspection_endpoint: `${own}/introspect` }
  }
  return url === `${path}/jwks` ? publicKeys(issuer.keys) : 404
}

export interface TokenParts {
  readonly claims?: JWTPayload
  readonly header?: Record<string, unknown>
  readonly without?: readonly string[]
}

/** A valid access token of `issuer` for `audience`, changed as asked; `now` in milliseconds. */
export function anAccessToken(issuer: string, pair: SigningPair, parts: TokenParts = {}, now = Date.now()) {
  const seconds = Math.floor(now / 1000)
  const claims: Record<string, unknown> = {
    iss: issuer,
    sub: 'person-1',
    aud: audience,
    exp: seconds + 300,
    iat: seconds,
    jti: 'token-1',
    client_id: 'client-1',
    scope: 'posts:read',
    ...parts.claims,
  }
  for (const name of parts.without ?? []) delete claims[name]
  return new SignJWT(claims)
    .setProtectedHeader({ alg: pair.alg, kid: pair.kid, typ: 'at+jwt', ...parts.header })
    .sign(pair.privateKey)
}
