/** Builds token requests of a machine: plain ones, and plain ones with one thing changed. */
import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import type { JWK } from 'jose'
import { ASSERTION_TYPE } from '../../support/assertion.ts'
import type { RegisteredClient } from '../../support/administrator.ts'
import type { Sent } from './exchange.ts'

export interface Change {
  /** Default: the plain machine of the world. */
  readonly client?: string
  /** Replaces members; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>> | ((now: number) => Readonly<Record<string, unknown>>)
  /** Changes the JSON texts before they are signed. */
  readonly headerText?: (text: string) => string
  readonly claimsText?: (text: string) => string
  /** Signs by another key than the client's. */
  readonly signedBy?: JWK
  readonly signature?: (signature: Buffer) => Buffer
  /** Changes the signed assertion. */
  readonly assertion?: (jwt: string) => string
  /** Replaces parameters; undefined removes one. */
  readonly params?: Readonly<Record<string, string | undefined>>
  /** Changes the encoded form. */
  readonly form?: (form: string) => string | Buffer
  readonly request?: Partial<Sent>
}

export interface Built {
  readonly sent: Sent
  readonly exp: unknown
}

/** Builds the request for an issuer. Each has a `jti` of its own. */
export function build(
  issuer: string,
  client: RegisteredClient,
  change: Change,
  now = Math.floor(Date.now() / 1000),
): Built {
  const key = change.signedBy ?? client.key
  const claims = {
    iss: client.id,
    sub: client.id,
    aud: issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    ...(typeof change.claims === 'function' ? change.claims(now) : change.claims),
  }
  const jwt = signed({ alg: key.alg, kid: key.kid, ...change.header }, claims, key, change)
  const params = {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: change.assertion?.(jwt) ?? jwt,
    ...change.params,
  }
  const present = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const form = new URLSearchParams(present).toString()
  const sent: Sent = {
    method: 'POST',
    path: '/token',
    body: Buffer.from(change.form?.(form) ?? form),
    chunked: false,
    ...change.request,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...change.request?.headers },
  }
  return { sent, exp: claims.exp }
}

function signed(header: object, claims: object, key: JWK, change: Change): string {
  const same = (text: string): string => text
  const head = encoded((change.headerText ?? same)(JSON.stringify(header)))
  const body = encoded((change.claimsText ?? same)(JSON.stringify(claims)))
  const signature = signatureOf(`${head}.${body}`, key)
  return `${head}.${body}.${(change.signature?.(signature) ?? signature).toString('base64url')}`
}

const encoded = (text: string): string => Buffer.from(text).toString('base64url')

function signatureOf(content: string, jwk: JWK): Buffer {
  const key: KeyObject = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  const data = Buffer.from(content)
  if (jwk.kty === 'OKP') return sign(null, data, key)
  if (jwk.alg === 'PS256') return sign('sha256', data, { key, padding: 6, saltLength: 32 })
  return sign('sha256', data, jwk.kty === 'EC' ? { key, dsaEncoding: 'ieee-p1363' } : key)
}
