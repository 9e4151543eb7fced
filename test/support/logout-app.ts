/** An app that takes logout tokens (OpenID Connect Back-Channel Logout 1.0) over HTTP and verifies them. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { atEnd } from './endings.ts'
import { DELIVERED_MS, eventually } from './eventually.ts'
import { asSuperuser } from './postgres.ts'
import type { Reachable, Server } from './server.ts'

export interface LogoutApp {
  /** The `backchannel_logout_uri`. */
  readonly url: string
  /** Every logout token that arrived, in order, as it was sent. */
  readonly tokens: string[]
  /** The number of requests of any kind. */
  asked: number
  /** Returns the status of the next answers; it may wait. */
  answer: () => number | Promise<number>
}

/** Answers 200 to each logout token, until `answer` is replaced. */
export async function logoutApp(): Promise<LogoutApp> {
  const app = { url: '', asked: 0, tokens: [] as string[], answer: (): number | Promise<number> => 200 }
  const server = createServer(async (request, response) => {
    app.asked++
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { method, headers } = request
    const isForm = method === 'POST' && headers['content-type'] === 'application/x-www-form-urlencoded'
    if (isForm) app.tokens.push(new URLSearchParams(body).get('logout_token') ?? '')
    response.writeHead(isForm ? await app.answer() : 405).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  app.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logged-out?tenant=1`
  return app
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Verifies a logout token as §2.6 says, and returns its claims. */
export async function verifyLogoutToken(
  server: Reachable,
  token: string,
  clientId: string,
): Promise<JWTPayload & { sid?: string }> {
  const keys = (await (await server.fetch('/jwks')).json()) as JSONWebKeySet
  const { payload } = await jwtVerify<{ events?: Record<string, unknown>; nonce?: unknown; sid?: string }>(
    token,
    createLocalJWKSet(keys),
    {
      issuer: server.issuer,
      audience: clientId,
      typ: 'logout+jwt',
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['iat', 'exp', 'jti', 'sub'],
      maxTokenAge: 120,
    },
  )
  if (JSON.stringify(payload.events) !== JSON.stringify({ [EVENT]: {} })) throw new Error('another event')
  if ('nonce' in payload) throw new Error('a logout token has no nonce')
  if ((payload.exp ?? 0) - (payload.iat ?? 0) > 120) throw new Error('it lives longer than two minutes')
  return payload
}

export function kidOf(token: string): string {
  return String(decodeProtectedHeader(token).kid)
}

/** Lets so much time pass since a dead process took its work that others may take it. */
export async function letLeasesEnd({ databaseUrl }: Pick<Server, 'databaseUrl'>): Promise<void> {
  const text = `UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '1 hour'`
  await asSuperuser((client) => client.query(text), databaseUrl)
}

/** Makes everything that waits in the outbox due, and waits until nothing is left. */
export async function untilDelivered({ databaseUrl }: Pick<Server, 'databaseUrl'>): Promise<void> {
  await eventually(
    async () => (await hurried(databaseUrl)) === 0,
    DELIVERED_MS,
    () => 'the outbox is not empty',
  )
}

/** Makes what waits for another attempt due now, and returns how much is left. */
async function hurried(databaseUrl: string): Promise<number> {
  const text = `UPDATE graphile_worker._private_jobs SET run_at = now() WHERE run_at > now() AND locked_at IS NULL`
  const count = 'SELECT count(*)::int AS left FROM graphile_worker._private_jobs'
  return asSuperuser(async (client) => {
    await client.query(text)
    return (await client.query<{ left: number }>(count)).rows[0]?.left ?? 0
  }, databaseUrl)
}
