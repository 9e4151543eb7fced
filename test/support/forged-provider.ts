/** An OpenID provider that answers as a test wants: with valid and invalid ID tokens. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { atEnd } from './endings.ts'

export interface TokenRequest {
  readonly authorization: string | undefined
  readonly form: URLSearchParams
}

export interface ForgedProvider {
  readonly issuer: string
  /** Changes the discovery document, which is read once for each provider that is added. */
  metadata: Record<string, unknown>
  /** The answer to the next token requests; by default a valid one with the claims of `claims`. */
  respond: ((response: ServerResponse, rightToken: () => Promise<string>) => void | Promise<void>) | undefined
  /** Answers userinfo requests; by default they fail. Used where `metadata` has `userinfo_endpoint`. */
  userinfo: ((response: ServerResponse) => void) | undefined
  /** Replaces valid claims; undefined removes one. */
  claims: Record<string, unknown>
  /** Replaces claims for one code. */
  readonly codes: Map<string, Record<string, unknown>>
  /** Creates the ID token from the claims. */
  sign: (claims: JWTPayload) => Promise<string>
  readonly requests: TokenRequest[]
  readonly signed: (claims: JWTPayload) => Promise<string>
  /** Restores the initial behaviour. */
  reset(): void
}

export async function forgedProvider(clientId: string): Promise<ForgedProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }] }
  const signed = (claims: JWTPayload) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(privateKey)

  const server = createServer((request, response) => void handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`

  const provider: ForgedProvider = {
    issuer,
    metadata: {},
    respond: undefined,
    userinfo: undefined,
    claims: {},
    codes: new Map(),
    sign: signed,
    signed,
    requests: [],
    reset() {
      Object.assign(provider, { respond: undefined, userinfo: undefined, claims: {}, sign: signed })
    },
  }

  function json(response: ServerResponse, body: unknown, status = 200): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/jwks') return json(response, jwks)
    if (request.url === '/userinfo') {
      if (provider.userinfo) return provider.userinfo(response)
      return json(response, { error: 'server_error' }, 500)
    }
    if (request.url !== '/token') {
      return json(response, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: ['RS256'],
        ...provider.metadata,
      })
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    provider.requests.push({
      authorization: request.headers.authorization,
      form: new URLSearchParams(Buffer.concat(chunks).toString()),
    })
    const now = Math.floor(Date.now() / 1000)
    const ofCode = provider.codes.get(provider.requests.at(-1)?.form.get('code') ?? '')
    const right = {
      iss: issuer,
      aud: clientId,
      sub: 'somebody',
      iat: now,
      exp: now + 300,
      ...provider.claims,
      ...ofCode,
    }
    const token = () => provider.sign(JSON.parse(JSON.stringify(right)) as JWTPayload)
    if (provider.respond) return provider.respond(response, token)
    json(response, { access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token: await token() })
  }
  return provider
}

/** Returns an unsigned token (RFC 7519 §6). */
export async function unsigned(claims: JWTPayload): Promise<string> {
  return new UnsecuredJWT(claims).encode()
}

/** Returns a token signed with a key that is not published. */
export async function signedByAnother(claims: JWTPayload): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256')
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(privateKey)
}

/** Returns a token signed with the client secret, which the provider knows too (RFC 8725 §2.1). */
export async function signedBySecret(claims: JWTPayload, secret: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
}
