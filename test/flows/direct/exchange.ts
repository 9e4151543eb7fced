/** One token request, sent byte for byte, and all that it leads to: the answer, the token, the audit event, the rows. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Database } from '#database/database.ts'
import type { Server } from '../../support/server.ts'

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Buffer
  readonly chunked: boolean
}

export interface Outcome {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: unknown
  /** Header and claims of the access token as text, so that their order counts. */
  readonly token: { readonly header: string; readonly claims: string } | undefined
  readonly event: unknown
  /** By how many seconds each new reservation outlives the assertion. */
  readonly reserved: readonly number[]
}

/** Sends the request to one server as the issuer's, and returns the answer. */
export async function send({ issuer, port }: Server, sent: Sent): Promise<{ answer: IncomingMessage; body: string }> {
  const req = request({
    host: '127.0.0.1',
    port,
    method: sent.method,
    path: sent.path,
    headers: {
      host: new URL(issuer).host,
      ...(sent.chunked ? {} : { 'content-length': String(sent.body.length) }),
      ...sent.headers,
    },
  })
  req.end(sent.body)
  const [answer] = (await once(req, 'response')) as [IncomingMessage]
  return { answer, body: await text(answer) }
}

const PASSING = ['date', 'x-request-id', 'content-length', 'dpop-nonce', 'connection', 'keep-alive']

/** Sends the request and gathers what it led to. `exp` is that of the assertion, if it has one. */
export async function exchange(server: Server, db: Database, sent: Sent, exp: unknown): Promise<Outcome> {
  const before = await reservations(db)
  const { answer, body } = await send(server, sent)
  const parsed = parse(body)
  const token = (parsed as { access_token?: string } | undefined)?.access_token
  const jwt = token?.includes('.') ? token : undefined
  const created = (await reservations(db)).filter(({ id }) => !before.some((known) => known.id === id))
  const { rows } = await db.query<{ event: Record<string, unknown> }>(
    'SELECT to_jsonb(e) AS event FROM audit_events e WHERE request_id = $1',
    [answer.headers['x-request-id']],
  )
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !PASSING.includes(name))),
    body: token === undefined ? parsed : Object.entries({ ...(parsed as object), access_token: 'a token' }),
    token: jwt === undefined ? undefined : { header: textOf(decodeProtectedHeader(jwt)), claims: claimsOf(jwt) },
    event: rows.map(({ event }) => eventOf(event)),
    reserved: created.map(({ expiry }) => expiry - Number(exp)),
  }
}

async function reservations(db: Database): Promise<{ id: string; expiry: number }[]> {
  const { rows } = await db.query<{ id: string; expiry: number }>(
    "SELECT encode(id, 'hex') AS id, extract(epoch FROM expires_at)::float8 AS expiry FROM replay_reservations",
  )
  return rows
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

const textOf = (value: unknown): string => JSON.stringify(value)

function claimsOf(token: string): string {
  const { iat, exp, jti, ...claims } = decodeJwt(token)
  const names = Object.keys(decodeJwt(token))
  return textOf({ names, claims, lifetime: Number(exp) - Number(iat), jti: typeof jti })
}

function eventOf({ detail, ...event }: Record<string, unknown>): unknown {
  const { access_token_id: id, ...others } = detail as Record<string, unknown>
  const { id: _id, at: _at, created_at: _created, request_id: _request, ...kept } = event
  return { ...kept, detail: { ...others, access_token_id: typeof id } }
}
