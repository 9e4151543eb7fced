/**
 * Thins out what anybody can cause, mostly refusals: for each kind, address and minute, the first few are recorded in full. The others are counted, and
 * only the count is recorded, so that a flood of bad requests does not fill the audit log.
 */
import { networkOf } from '#http/network.ts'
import type { AuditEvent } from './audit.ts'
import type { AuditEventType } from './events.ts'

/** The events that any caller can cause without limit. */
const THINNED: ReadonlySet<AuditEventType> = new Set<AuditEventType>([
  'account_page.refused',
  'admin.refused',
  'authorization.refused',
  'device.refused',
  'device.requested',
  'email_code.refused',
  'endpoint.refused',
  'sign_in.failed',
  'token.refused',
])
const MINUTE_MS = 60_000
/** The limit of an address over all kinds, as a multiple of the limit of one kind. */
const KINDS = 5
/** How many separate counts are kept. Further events are counted by type alone. */
const MAX_COUNTS = 10_000

export type CountedRefusals = AuditEvent<'refusals.counted'>

interface Tally {
  /** What the events have in common, apart from their type. */
  readonly about: Omit<CountedRefusals, 'type' | 'outcome' | 'detail'>
  readonly refused: AuditEventType
  readonly outcome: AuditEvent['outcome']
  readonly since: number
  inFull: number
  further: number
}

export interface Refusals {
  /** Returns the events to record in full, and counts the others. */
  thin(events: readonly AuditEvent[]): AuditEvent[]
  /** Returns the counts of past minutes, or `all`, and forgets them. */
  take(all: boolean): CountedRefusals[]
  /** Takes back counts that could not be written, so that they are returned again. */
  putBack(counts: readonly CountedRefusals[]): void
}

interface Limits {
  readonly now: () => number
  /** How many events of a kind are recorded in full for each address and minute. */
  readonly inFull: number
}

export function createRefusals(limits: Limits): Refusals {
  const tallies = createTallies(limits)
  const addresses = createAddresses(limits)
  const unwritten = createUnwritten()

  function isInFull(event: AuditEvent): boolean {
    const tally = tallies.of(event)
    if (tally.inFull >= limits.inFull || !addresses.admit(event)) {
      tally.further += 1
      return false
    }
    tally.inFull += 1
    return true
  }

  return {
    thin: (events) => events.filter((event) => !THINNED.has(event.type) || isInFull(event)),
    take(all) {
      addresses.forget()
      return [...unwritten.take(), ...tallies.finish(all).map(countOf)]
    },
    putBack: unwritten.add,
  }
}

/** Counts by type, address, client and account, for a minute from the first event on. */
function createTallies({ now, inFull }: Limits) {
  const tallies = new Map<string, Tally>()
  const over: Tally[] = []

  /** Returns the tally of this minute. One of an earlier minute is over. */
  function current(key: string): Tally | undefined {
    const tally = tallies.get(key)
    if (tally && now() - tally.since < MINUTE_MS) return tally
    tallies.delete(key)
    if (tally) over.push(tally)
    return undefined
  }

  return {
    of(event: AuditEvent): Tally {
      const { type, outcome, address, clientId, accountId } = event
      const key = JSON.stringify([type, networkOf(address), clientId, accountId])
      const known = current(key)
      if (known) return known
      if (tallies.size < MAX_COUNTS) {
        const tally = { about: aboutOf(event), refused: type, outcome, since: now(), inFull: 0, further: 0 }
        tallies.set(key, tally)
        return tally
      }
      const shared = current(type) ?? { about: ANONYMOUS, refused: type, outcome, since: now(), inFull, further: 0 }
      tallies.set(type, shared)
      return shared
    },
    /** Returns and forgets the tallies that are over, or `all`. */
    finish(all: boolean): Tally[] {
      for (const key of tallies.keys()) current(key)
      if (all) {
        over.push(...tallies.values())
        tallies.clear()
      }
      return over.splice(0).filter(({ further }) => further > 0)
    },
  }
}

/** Limits the events of an address that are recorded in full, over all kinds. */
function createAddresses({ now, inFull }: Limits) {
  const addresses = new Map<string, { readonly since: number; inFull: number }>()

  return {
    admit(event: AuditEvent): boolean {
      const network = networkOf(event.address)
      let of = addresses.get(network)
      if (!of || now() - of.since >= MINUTE_MS) {
        of = { since: now(), inFull: 0 }
        if (addresses.size < MAX_COUNTS) addresses.set(network, of)
      }
      if (of.inFull >= inFull * KINDS) return false
      of.inFull += 1
      return true
    },
    forget(): void {
      for (const [network, { since }] of addresses) if (now() - since >= MINUTE_MS) addresses.delete(network)
    },
  }
}

/** Counts that could not be written yet. Beyond `MAX_COUNTS`, they are added up by type alone. */
function createUnwritten() {
  let counts: CountedRefusals[] = []
  let shared = new Map<string, CountedRefusals>()

  function add(count: CountedRefusals): void {
    if (counts.length < MAX_COUNTS) {
      counts.push(count)
      return
    }
    const { refused, since } = count.detail
    const before = shared.get(refused)?.detail ?? { since, count: 0 }
    const detail = { refused, count: before.count + count.detail.count, since: before.since }
    shared.set(refused, { ...ANONYMOUS, type: count.type, outcome: count.outcome, detail })
  }

  return {
    add: (all: readonly CountedRefusals[]) => all.forEach(add),
    take(): CountedRefusals[] {
      const all = [...counts, ...shared.values()]
      counts = []
      shared = new Map()
      return all
    },
  }
}

const ANONYMOUS = { actor: { kind: 'anonymous' } } as const

function aboutOf({ address, clientId, accountId }: AuditEvent): Tally['about'] {
  return {
    ...ANONYMOUS,
    ...(address === undefined ? {} : { address }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(accountId === undefined ? {} : { accountId }),
  }
}

function countOf({ about, refused, outcome, since, further }: Tally): CountedRefusals {
  const detail = { refused, count: further, since: new Date(since).toISOString() }
  return { ...about, type: 'refusals.counted', outcome, detail }
}
