/** Fetches the JWK Set behind a `jwks_uri`. Errors give the reason in words. */
import { freshFor } from '#outbound/freshness.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import { usableKeys } from './client-keys.ts'
import type { FetchedKeys } from './client.ts'
import { KeysNotFetched } from './errors.ts'
import { type FetchedJson, fetchFault, fetchJson } from './fetch-json.ts'

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
  const age = Math.min(Math.max(MIN_AGE, freshFor(headers, fetchedAt)), MAX_AGE)
  return { ...usable, fetchedAt, freshUntil: new Date(fetchedAt.getTime() + age * 1000) }
}

async function ask(fetch: GuardedFetch, uri: string): Promise<FetchedJson> {
  try {
    return await fetchJson(fetch, uri)
  } catch (cause) {
    throw new KeysNotFetched(fetchFault(cause), cause)
  }
}
