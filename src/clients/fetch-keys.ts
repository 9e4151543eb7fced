/** Fetches the JWK Set behind a `jwks_uri`. Errors give the reason in words. */
import { FetchRefused, type GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import { usableKeys } from './client-keys.ts'
import type { FetchedKeys } from './client.ts'
import { KeysNotFetched } from './errors.ts'

/** Limits in seconds for how long fetched keys stay fresh. Cache headers apply only between them. */
const MAX_AGE = 600
const MIN_AGE = 60

/** Fetches the keys. `fetchedAt` is the time of the request. Throws KeysNotFetched. */
export async function fetchKeys(fetch: GuardedFetch, uri: string, clock: Clock): Promise<FetchedKeys> {
  const fetchedAt = clock.now()
  const { status, headers, document } = await ask(fetch, uri)
  if (status !== 200) throw new KeysNotFetched(`it answered with status ${status}`)
  const usable = usableKeys(document)
  if (!usable) throw new KeysNotFetched('it answered with something that is no JWK Set')
  const age = Math.min(Math.max(MIN_AGE, askedAge(headers, fetchedAt)), MAX_AGE)
  return { ...usable, fetchedAt, freshUntil: new Date(fetchedAt.getTime() + age * 1000) }
}

async function ask(fetch: GuardedFetch, uri: string): Promise<{ status: number; headers: Headers; document: unknown }> {
  try {
    const response = await fetch(uri, { accept: 'application/json' })
    return { status: response.status, headers: response.headers, document: readJson(await response.text()) }
  } catch (cause) {
    throw new KeysNotFetched(reasonOf(cause), cause)
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns for how many seconds the response may be cached (RFC 9111 §5.2.2.1, §5.3). */
function askedAge(headers: Headers, now: Date): number {
  const maxAge = /(?:^|[\s,])max-age=(\d+)/i.exec(headers.get('cache-control') ?? '')?.[1]
  if (maxAge !== undefined) return Number(maxAge)
  const expires = Date.parse(headers.get('expires') ?? '')
  return Number.isNaN(expires) ? 0 : (expires - now.getTime()) / 1000
}

function reasonOf(error: unknown): string {
  const chain: unknown[] = []
  for (let at = error; at instanceof Error; at = at.cause) chain.push(at)
  const refused = chain.find((one) => one instanceof FetchRefused)
  if (refused instanceof FetchRefused) return refused.message
  if (chain.some((one) => one instanceof Error && /Timeout/.test(one.name))) return 'it did not answer in time'
  const code = chain.map((one) => Reflect.get(one as Error, 'code')).find((one) => typeof one === 'string')
  return code === undefined ? 'it could not be reached' : `it could not be reached (${code})`
}
