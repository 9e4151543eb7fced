/** The issuer's public keys, kept: fetched when first needed, again when old or when a token names an unknown one. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { discoverJwksUri, fetchJwks } from './issuer-metadata.ts'

export interface IssuerKeysOptions {
  readonly issuer: string
  /** Where the keys stand; found through the issuer's metadata when left out. */
  readonly jwksUri: string | undefined
  readonly timeoutMs: number
  now(): Date
}

/** A fetched key set is used so long without asking again. */
const FRESH_MS = 10 * 60_000
/** A key that is not in the set makes at most one request in this time; so does an issuer that does not answer. */
const COOLDOWN_MS = 30_000
/** While nothing was ever fetched an issuer that is down is asked again this soon. */
const COLD_RETRY_MS = 1_000
/** How long the last good set serves while the issuer does not answer. */
const LAST_GOOD_MS = 24 * 3_600_000

interface Fetched {
  readonly getKey: JWTVerifyGetKey
  readonly at: number
}

/**
 * A key resolver for jose. Throws jose's JWKSNoMatchingKey for a key that the issuer does not publish, and
 * IssuerUnavailable when there is no set to look in. Concurrent requests share one fetch.
 */
export function createIssuerKeys(options: IssuerKeysOptions): JWTVerifyGetKey {
  const source = createSource(options)
  const now = (): number => options.now().getTime()
  let forcedAt = Number.NEGATIVE_INFINITY

  async function current(): Promise<Fetched> {
    const { held, failure } = source.state()
    const usable = held !== undefined && now() - held.at < LAST_GOOD_MS ? held : undefined
    if (usable !== undefined && now() - usable.at < FRESH_MS) return usable
    const waitMs = usable === undefined ? COLD_RETRY_MS : COOLDOWN_MS
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

  /** The set after one more look at the issuer, or undefined where it was asked too lately or does not answer. */
  async function again(seen: Fetched): Promise<Fetched | undefined> {
    const { held } = source.state()
    if (held !== undefined && held !== seen) return held
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
      const newer = await again(fetched)
      if (newer === undefined) throw error
      return newer.getKey(header, token)
    }
  }
}

interface Source {
  /** One fetch at a time: who asks meanwhile gets the same. */
  fetch(): Promise<Fetched>
  busy(): boolean
  /** The last set that was fetched, and the failure since, if there was one. */
  state(): { readonly held: Fetched | undefined; readonly failure: { error: unknown; at: number } | undefined }
}

function createSource(options: IssuerKeysOptions): Source {
  let jwksUri = options.jwksUri
  let state: ReturnType<Source['state']> = { held: undefined, failure: undefined }
  let pending: Promise<Fetched> | undefined

  async function load(): Promise<Fetched> {
    try {
      // One limit for all of it: the issuer may hang at any of its documents.
      const signal = AbortSignal.timeout(options.timeoutMs)
      jwksUri ??= await discoverJwksUri(options.issuer, signal)
      const getKey = createLocalJWKSet(await fetchJwks(jwksUri, signal))
      const held = { getKey, at: options.now().getTime() }
      state = { held, failure: undefined }
      return held
    } catch (error) {
      state = { held: state.held, failure: { error, at: options.now().getTime() } }
      // The metadata is read again next time: the keys may have moved.
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

/** A key resolver over keys that are at hand; a function is asked each time and may hand over the same set again. */
export function createGivenKeys(keys: JSONWebKeySet | (() => JSONWebKeySet | Promise<JSONWebKeySet>)): JWTVerifyGetKey {
  const resolvers = new WeakMap<JSONWebKeySet, JWTVerifyGetKey>()
  return async (header, token) => {
    const set = typeof keys === 'function' ? await keys() : keys
    const resolver = resolvers.get(set) ?? createLocalJWKSet(set)
    resolvers.set(set, resolver)
    return resolver(header, token)
  }
}
