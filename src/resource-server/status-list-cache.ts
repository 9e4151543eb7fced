/** The status lists of an issuer, kept: each verified when it is fetched, fetched again when old, believed until `exp`. */
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
  /** Undefined for half of the list's `ttl`. */
  readonly refreshSeconds?: number | undefined
  now(): Date
}

export interface StatusList {
  /** How many bits a token has: 1, 2, 4 or 8. */
  readonly bits: number
  readonly bytes: Uint8Array
}

export interface ListCache {
  /** The list at `uri`; where there is none to be had, why. Who asks while it is being fetched gets the same. */
  get(uri: string): Promise<StatusList | { readonly unavailable: unknown }>
}

interface Held extends StatusList {
  readonly issuedAt: number
  /** Milliseconds: when it is fetched again, and until when it is believed if that fails. */
  readonly freshUntil: number
  readonly goodUntil: number
}

interface Slot {
  held: Held | undefined
  failure: { readonly error: unknown; readonly at: number } | undefined
  pending: Promise<Held> | undefined
}

/** A list that could not be had is asked for again this soon, not by every request. */
const RETRY_MS = 1000
/** An issuer has a list for so many thousand grants; beyond this many the one unused longest is forgotten. */
const MAX_LISTS = 100

export function createListCache(rules: ListRules): ListCache {
  const slots = new Map<string, Slot>()
  const now = (): number => rules.now().getTime()

  function slotOf(uri: string): Slot {
    const slot = slots.get(uri) ?? { held: undefined, failure: undefined, pending: undefined }
    // the last asked for stands last
    slots.delete(uri)
    slots.set(uri, slot)
    const [eldest] = slots.keys()
    if (slots.size > MAX_LISTS && eldest !== undefined) slots.delete(eldest)
    return slot
  }

  async function load(uri: string, slot: Slot): Promise<Held> {
    try {
      const fetched = await fetchList(uri, rules)
      // A cache on the way may hand out an older copy: what was revoked stays revoked.
      const { held } = slot
      const newest = held !== undefined && held.issuedAt > fetched.issuedAt && now() < held.goodUntil ? held : fetched
      slot.held = { ...newest, freshUntil: Math.min(fetched.freshUntil, newest.goodUntil) }
      slot.failure = undefined
      return slot.held
    } catch (error) {
      slot.failure = { error, at: now() }
      throw error
    }
  }

  return {
    async get(uri) {
      const slot = slotOf(uri)
      if (slot.held !== undefined && now() < slot.held.freshUntil) return slot.held
      const waits = slot.failure !== undefined && now() - slot.failure.at < RETRY_MS && slot.pending === undefined
      if (!waits) {
        slot.pending ??= load(uri, slot).finally(() => (slot.pending = undefined))
        await slot.pending.catch(() => undefined)
      }
      if (slot.held !== undefined && now() < slot.held.goodUntil) return slot.held
      return { unavailable: slot.failure?.error }
    },
  }
}

/** The status of place `idx`, or undefined beyond the end of the list (Token Status List §4.1). */
export function statusAt({ bits, bytes }: StatusList, idx: number): number | undefined {
  const byte = bytes[Math.floor((idx * bits) / 8)]
  return byte === undefined ? undefined : (byte >> ((idx * bits) % 8)) & ((1 << bits) - 1)
}

/** Token Status List §8.3: the signature, the type, `sub`, the times; then what is in it. */
async function fetchList(uri: string, rules: ListRules): Promise<Held> {
  const { clockToleranceSeconds, refreshSeconds } = rules
  const text = await fetchText(uri, 'application/statuslist+jwt', AbortSignal.timeout(rules.timeoutMs))
  const currentDate = rules.now()
  const { payload } = await jwtVerify(text, rules.getKey, {
    typ: 'statuslist+jwt',
    algorithms: [...rules.algorithms],
    // Token Status List §5.1: sub is the address it stands at, so that one list cannot be given out for another.
    subject: uri,
    clockTolerance: clockToleranceSeconds,
    currentDate,
    requiredClaims: ['sub', 'iat', 'exp'],
  })
  const at = currentDate.getTime()
  const issuedAt = payload.iat as number
  if (issuedAt > at / 1000 + clockToleranceSeconds) throw new IssuerUnavailable(`${uri} was issued in the future`)
  const goodUntil = ((payload.exp as number) + clockToleranceSeconds) * 1000
  const ttl = payload['ttl'] ?? (payload.exp as number) - issuedAt
  if (typeof ttl !== 'number' || !(ttl > 0)) throw new IssuerUnavailable(`${uri} has no valid ttl`)
  const freshSeconds = Math.min(refreshSeconds ?? ttl / 2, ttl)
  const list = await decodeList(payload['status_list'], uri)
  return { ...list, issuedAt, freshUntil: Math.min(at + freshSeconds * 1000, goodUntil), goodUntil }
}

/** Token Status List §4.2: `bits` and `lst`, base64url of what zlib made smaller; what it expands to is bounded. */
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
