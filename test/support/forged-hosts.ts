/** Well-known providers, forged: a server asks their real URLs, and one local server answers for all their hosts. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createGuardedFetch, type GuardedFetch } from '#outbound/guarded-fetch.ts'
import { atEnd } from './endings.ts'

export interface Asked {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  /** The fields of a POST. */
  readonly form: URLSearchParams
}

export interface Reply {
  readonly status?: number
  readonly body: unknown
}

type Answer = (asked: Asked) => Reply | Promise<Reply>

export interface ForgedHosts {
  /** For the server under test: leads every request to the forged hosts. */
  readonly fetch: GuardedFetch
  /** Answers requests for a URL, with or without a query. A later answer replaces an earlier one. */
  answer(url: string, answer: Answer): void
  /** All requests so far. */
  readonly asked: readonly Asked[]
}

export async function forgedHosts(): Promise<ForgedHosts> {
  const answers = new Map<string, Answer>()
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const url = `https:/${request.url ?? ''}`
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      asked.push({ url, headers: request.headers, form })
      const answer = answers.get(url.split('?')[0] as string)
      const { status = 200, body } = (await answer?.({ url, headers: request.headers, form })) ?? {
        status: 404,
        body: { error: 'nobody is here' },
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const local = createGuardedFetch({ allow: ['127.0.0.1'] })
  return {
    fetch: (url, ...rest) =>
      local(`http://127.0.0.1:${port}/${new URL(url).href.replace(/^https?:\/\//, '')}`, ...rest),
    answer: (url, answer) => void answers.set(url, answer),
    asked,
  }
}

export interface ForgedIssuer {
  /** The claims of the next ID token, besides the usual ones; undefined removes one. */
  claims: Record<string, unknown>
  /** Refuses a token request, after the check of its PKCE verifier. */
  refuse: (form: URLSearchParams) => Reply | undefined
  /** The PKCE challenge of the authorization request. */
  challenge: string
  /** Changes the published key, such as its `issuer`. */
  readonly key: Record<string, unknown>
}

/** Forges an OpenID provider: discovery below `base`, with another issuer in it if one is given. */
export async function forgedIssuer(
  hosts: ForgedHosts,
  { base, issuer = base, clientId }: { readonly base: string; readonly issuer?: string; readonly clientId: string },
): Promise<ForgedIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(publicKey)), kid: 'forged', alg: 'RS256', use: 'sig' }
  const forged: ForgedIssuer = { claims: {}, refuse: () => undefined, challenge: '', key }
  const metadata = {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/keys`,
    id_token_signing_alg_values_supported: ['RS256'],
  }
  hosts.answer(`${base}/.well-known/openid-configuration`, () => ({ body: metadata }))
  hosts.answer(`${base}/keys`, () => ({ body: { keys: [key] } }))
  hosts.answer(`${base}/token`, async ({ form }) => {
    const refusal = verifierFault(form, forged.challenge) ?? forged.refuse(form)
    if (refusal) return refusal
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: clientId, iat: now, exp: now + 300, ...forged.claims }
    const idToken = await new SignJWT(JSON.parse(JSON.stringify(claims)) as Record<string, unknown>)
      .setProtectedHeader({ alg: 'RS256', kid: 'forged' })
      .sign(privateKey)
    return { body: { access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token: idToken } }
  })
  return forged
}

/** RFC 7636 §4.6: the verifier must be that of the challenge. */
export function verifierFault(form: URLSearchParams, challenge: string): Reply | undefined {
  const digest = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url')
  return digest === challenge ? undefined : { status: 400, body: { error: 'invalid_grant' } }
}

/** A key as Apple gives it out: EC on P-256, PKCS #8 in PEM. */
export function applePrivateKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey }
}
