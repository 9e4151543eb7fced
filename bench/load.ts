/**
 * The load generator, a process of its own: signs all assertions first, then posts them over a fixed number of
 * connections as fast as they are answered. Reads its plan from stdin, writes what it measured to stdout.
 */
import { text } from 'node:stream/consumers'
import { importJWK, type JWK, SignJWT } from 'jose'
import { Pool } from 'undici'

export interface Plan {
  readonly tokenEndpoint: string
  /** The assertion's audience. */
  readonly issuer: string
  readonly clientId: string
  /** The client's private P-256 key. */
  readonly privateJwk: JWK
  readonly resource: string
  readonly scope: string
  readonly connections: number
  readonly requests: number
}

export interface Measured {
  readonly requests: number
  readonly seconds: number
  readonly requestsPerSecond: number
  readonly milliseconds: { readonly p50: number; readonly p95: number; readonly p99: number }
  /** Answers other than 200, by status, with one of their bodies. */
  readonly refused: Record<string, { count: number; body: string }>
  /** The last token that was given. */
  readonly token: string
}

async function presign(plan: Plan): Promise<string[]> {
  const key = await importJWK(plan.privateJwk, 'ES256')
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: 'ES256', ...(plan.privateJwk.kid === undefined ? {} : { kid: plan.privateJwk.kid }) }
  const sign = async (): Promise<string> => {
    const assertion = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader(header)
      .setIssuer(plan.clientId)
      .setSubject(plan.clientId)
      .setAudience(plan.issuer)
      .setIssuedAt(now)
      .setExpirationTime(now + 300)
      .sign(key)
    return new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      resource: plan.resource,
      scope: plan.scope,
    }).toString()
  }
  return Promise.all(Array.from({ length: plan.requests }, sign))
}

async function fire(plan: Plan, bodies: readonly string[]): Promise<Measured> {
  const url = new URL(plan.tokenEndpoint)
  const pool = new Pool(url.origin, { connections: plan.connections, pipelining: 1 })
  const times: number[] = []
  const refused: Measured['refused'] = {}
  let next = 0
  let token = ''
  const connection = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const sent = performance.now()
      const response = await pool.request({
        path: url.pathname,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      })
      const answer = await response.body.text()
      times.push(performance.now() - sent)
      if (response.statusCode === 200) token = answer
      else (refused[response.statusCode] ??= { count: 0, body: answer.slice(0, 500) }).count += 1
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: plan.connections }, connection))
  const seconds = (performance.now() - started) / 1000
  await pool.close()
  times.sort((a, b) => a - b)
  const percentile = (share: number): number =>
    Number((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(2))
  return {
    requests: times.length,
    seconds: Number(seconds.toFixed(3)),
    requestsPerSecond: Math.round(times.length / seconds),
    milliseconds: { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) },
    refused,
    token: token === '' ? '' : (JSON.parse(token) as { access_token: string }).access_token,
  }
}

if (import.meta.main) {
  const plan = JSON.parse(await text(process.stdin)) as Plan
  process.stdout.write(JSON.stringify(await fire(plan, await presign(plan))))
}
