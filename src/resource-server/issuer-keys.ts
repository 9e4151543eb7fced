/**
 * Caches the issuer's public keys: fetches them when first needed, when they are old, and when a token names an unknown
 * key.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { discoverUrl, fetchJwks } from './issuer-metadata.ts'

export interface IssuerKeysOptions {
  readonly issuer: string
  /** The URL of the keys; undefined to take it from the issuer's metadata. */
  readonly jwksUri: string | undefined
  readonly timeoutMs: number
  now(): Date
}

/** How long a fetched key set is used before it is fetched again. */
const FRESH_MS = 10 * 60_000
/** How often an unknown key, or an issuer that does not answer, may cause a request. */
const COOLDOWN_MS = 30_000
/** The same while no set has been fetched yet. */
const FIRST_RETRY_MS = 1_000
/** How long the last good set is used while the issuer does not answer. */
const MAX_STALE_MS = 24 * 3_600_000

interface FetchedKeys {
  readonly getKey: JWTVerifyGetKey
  readonly at: number
}

/**
 * Creates a key resolver for jose. It throws jose's JWKSNoMatchingKey for a key that the issuer does not publish, and
 * IssuerUnavailable when there is no set. Concurrent requests share one fetch.
 */
export function createIssuerKeys(options: IssuerKeysOptions): JWTVerifyGetKey {
  const source = createSource(options)
  const now = (): number => options.now().getTime()
  let forcedAt = Number.NEGATIVE_INFINITY

  async function current(): Promise<FetchedKeys> {
    const { cached, failure } = source.state()
    const usable = cached !== undefined && now() - cached.at < MAX_STALE_MS ? cached : undefined
    if (usable !== undefined && now() - usable.at < FRESH_MS) return usable
    const waitMs = usable === undefined ? FIRST_RETRY_MS : COOLDOWN_MS
    if (!source.busy() && failure !== undefined && now() - failure.at < waitMs) {
      if (usable !== undefined) return usable
      throw failure.error
    }
    try {
      return await source.fetch()
    } catch (error) {
      if (usable !== undefined) return usable
      throw error
    }
  }

  /**
   * Fetches the set again for an unknown key. Returns undefined when the last try is too recent or the issuer does not
   * answer.
   */
  async function refetch(seen: FetchedKeys): Promise<FetchedKeys | undefined> {
    const { cached } = source.state()
    if (cached !== undefined && cached !== seen) return cached
    if (!source.busy()) {
      if (now() - forcedAt < COOLDOWN_MS) return undefined
      forcedAt = now()
    }
    return source.fetch().catch(() => undefined)
  }

  return async (header, token) => {
    const fetched = await current()
    try {
      return await fetched.getKey(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      const newer = await refetch(fetched)
      if (newer === undefined) throw error
      return newer.getKey(header, token)
    }
  }
}

interface Source {
  /** Fetches the set; concurrent calls share one fetch. */
  fetch(): Promise<FetchedKeys>
  busy(): boolean
  /** Returns the last fetched set, and the failure since, if any. */
  state(): { readonly cached: FetchedKeys | undefined; readonly failure: { error: unknown; at: number } | undefined }
}

function createSource(options: IssuerKeysOptions): Source {
  let jwksUri = options.jwksUri
  let state: ReturnType<Source['state']> = { cached: undefined, failure: undefined }
  let pending: Promise<FetchedKeys> | undefined

  async function load(): Promise<FetchedKeys> {
    try {
      // One time limit for all documents, because the issuer may hang at any of them.
      const signal = AbortSignal.timeout(options.timeoutMs)
      jwksUri ??= await discoverUrl(options.issuer, 'jwks_uri', signal)
      const getKey = createLocalJWKSet(await fetchJwks(jwksUri, signal))
      const cached = { getKey, at: options.now().getTime() }
      state = { cached, failure: undefined }
      return cached
    } catch (error) {
      state = { cached: state.cached, failure: { error, at: options.now().getTime() } }
      // Read the metadata again next time, because the keys may have moved.
      jwksUri = options.jwksUri
      throw error
    }
  }

  return {
    fetch: () => (pending ??= load().finally(() => (pending = undefined))),
    busy: () => pending !== undefined,
    state: () => state,
  }
}

/** Creates a key resolver from given keys. A function is called for each token and may return the same set again. */
export function createLocalKeys(keys: JSONWebKeySet | (() => JSONWebKeySet | Promise<JSONWebKeySet>)): JWTVerifyGetKey {
  const resolvers = new WeakMap<JSONWebKeySet, JWTVerifyGetKey>()
  return async (header, token) => {
    const set = typeof keys === 'function' ? await keys() : keys
    const resolver = resolvers.get(set) ?? createLocalJWKSet(set)
    resolvers.set(set, resolver)
    return resolver(header, token)
  }
}
