/** Caches an issuer's status lists: each is verified when fetched, fetched again when old, and used until its `exp`. */
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { jwtVerify, type JWTVerifyGetKey } from 'jose'
import { fetchText, IssuerUnavailable, MAX_DOCUMENT_BYTES } from './bounded-fetch.ts'

export interface ListRules {
  readonly issuer: string
  readonly algorithms: readonly string[]
  readonly clockToleranceSeconds: number
  readonly getKey: JWTVerifyGetKey
  readonly timeoutMs: number
  /** Undefined: half of the list's `ttl`. */
  readonly refreshSeconds?: number | undefined
  now(): Date
}

export interface StatusList {
  /** The number of bits for each token: 1, 2, 4 or 8. */
  readonly bits: number
  readonly bytes: Uint8Array
}

export interface ListCache {
  /** Returns the list at `uri`, or why it is unavailable. Concurrent calls share one fetch. */
  get(uri: string): Promise<StatusList | { readonly unavailable: unknown }>
}

interface CachedList extends StatusList {
  readonly issuedAt: number
  /** Milliseconds since 1970: when it is fetched again, and until when it is used if that fails. */
  readonly freshUntil: number
  readonly usableUntil: number
}

interface Slot {
  cached: CachedList | undefined
  failure: { readonly error: unknown; readonly at: number } | undefined
  pending: Promise<CachedList> | undefined
}

/** After a failed fetch, the list is fetched again only after this time. */
const RETRY_MS = 1000
/** The least recently used lists beyond this number are evicted. One list covers many thousand grants. */
const MAX_LISTS = 100

export function createListCache(rules: ListRules): ListCache {
  const slots = new Map<string, Slot>()
  const now = (): number => rules.now().getTime()

  function slotOf(uri: string): Slot {
    const slot = slots.get(uri) ?? { cached: undefined, failure: undefined, pending: undefined }
    // moves the list to the end: the first one is the least recently used
    slots.delete(uri)
    slots.set(uri, slot)
    const [leastRecent] = slots.keys()
    if (slots.size > MAX_LISTS && leastRecent !== undefined) slots.delete(leastRecent)
    return slot
  }

  async function load(uri: string, slot: Slot): Promise<CachedList> {
    try {
      const fetched = await fetchList(uri, rules)
      // An HTTP cache may return an older copy: keep the newest list, so that revoked tokens stay revoked.
      const { cached } = slot
      const newest =
        cached !== undefined && cached.issuedAt > fetched.issuedAt && now() < cached.usableUntil ? cached : fetched
      slot.cached = { ...newest, freshUntil: Math.min(fetched.freshUntil, newest.usableUntil) }
      slot.failure = undefined
      return slot.cached
    } catch (error) {
      slot.failure = { error, at: now() }
      throw error
    }
  }

  return {
    async get(uri) {
      const slot = slotOf(uri)
      if (slot.cached !== undefined && now() < slot.cached.freshUntil) return slot.cached
      const backsOff = slot.failure !== undefined && now() - slot.failure.at < RETRY_MS && slot.pending === undefined
      if (!backsOff) {
        slot.pending ??= load(uri, slot).finally(() => (slot.pending = undefined))
        await slot.pending.catch(() => undefined)
      }
      if (slot.cached !== undefined && now() < slot.cached.usableUntil) return slot.cached
      return { unavailable: slot.failure?.error }
    },
  }
}

/** Returns the status at index `idx`, or undefined beyond the end of the list (Token Status List §4.1). */
export function statusAt({ bits, bytes }: StatusList, idx: number): number | undefined {
  const byte = bytes[Math.floor((idx * bits) / 8)]
  return byte === undefined ? undefined : (byte >> ((idx * bits) % 8)) & ((1 << bits) - 1)
}

/** Fetches and verifies a list (Token Status List §8.3): signature, type, `sub`, times, then its content. */
async function fetchList(uri: string, rules: ListRules): Promise<CachedList> {
  const { clockToleranceSeconds, refreshSeconds } = rules
  const text = await fetchText(uri, {
    accept: 'application/statuslist+jwt',
    signal: AbortSignal.timeout(rules.timeoutMs),
  })
  const currentDate = rules.now()
  const { payload } = await jwtVerify(text, rules.getKey, {
    typ: 'statuslist+jwt',
    algorithms: [...rules.algorithms],
    // Token Status List §5.1: `sub` is the URL of the list, so that one list cannot replace another.
    subject: uri,
    clockTolerance: clockToleranceSeconds,
    currentDate,
    requiredClaims: ['sub', 'iat', 'exp'],
  })
  const at = currentDate.getTime()
  const issuedAt = payload.iat as number
  if (issuedAt > at / 1000 + clockToleranceSeconds) throw new IssuerUnavailable(`${uri} was issued in the future`)
  const usableUntil = ((payload.exp as number) + clockToleranceSeconds) * 1000
  const ttl = payload['ttl'] ?? (payload.exp as number) - issuedAt
  if (typeof ttl !== 'number' || !(ttl > 0)) throw new IssuerUnavailable(`${uri} has no valid ttl`)
  const freshSeconds = Math.min(refreshSeconds ?? ttl / 2, ttl)
  const list = await decodeList(payload['status_list'], uri)
  return { ...list, issuedAt, freshUntil: Math.min(at + freshSeconds * 1000, usableUntil), usableUntil }
}

/**
 * Decodes `bits` and `lst` (Token Status List §4.2): base64url of zlib-compressed bytes, with a limit on the
 * decompressed size.
 */
async function decodeList(value: unknown, uri: string): Promise<StatusList> {
  const { bits, lst } = (value ?? {}) as { bits?: unknown; lst?: unknown }
  if (typeof bits !== 'number' || ![1, 2, 4, 8].includes(bits) || typeof lst !== 'string') {
    throw new IssuerUnavailable(`${uri} has no status list in it`)
  }
  try {
    const bytes = await promisify(inflate)(Buffer.from(lst, 'base64url'), { maxOutputLength: MAX_DOCUMENT_BYTES })
    return { bits, bytes }
  } catch (cause) {
    throw new IssuerUnavailable(`the status list at ${uri} could not be expanded`, { cause })
  }
}
