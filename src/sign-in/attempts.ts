/** Slows down whoever guesses: exact counters in PostgreSQL, raised before a proof is looked at. */
import ipaddr from 'ipaddr.js'
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#shared/keyring.ts'
import { type AttemptKey, type AttemptKind, createAttemptsStore } from './attempts-store.ts'
import { TooManyAttempts } from './errors.ts'

/** Bits of a network that count as one place: `address` for one customer, `network` for their neighbours. */
const PREFIXES = { ipv4: { address: 32, network: 24 }, ipv6: { address: 64, network: 48 } } as const

export interface Attempt {
  /** What is tried: each method counts for itself. */
  readonly method: string
  /** The account or what was typed for one; undefined where the proof itself finds the account. */
  readonly who: string | undefined
  readonly address: string | undefined
}

export interface Attempts {
  /**
   * Counts a failure beforehand, so that a thousand attempts at once count a thousand times. Call what is returned
   * when it was none. Throws TooManyAttempts (429) while the account or the place must wait.
   */
  begin(attempt: Attempt): Promise<() => Promise<void>>
  removeExpired(): Promise<number>
}

export function createAttempts({ db, keyring }: { db: Queryable; keyring: Pick<Keyring, 'mac'> }): Attempts {
  const store = createAttemptsStore(db)
  // keyed: people type passwords where their name belongs
  const keyOf = (kind: AttemptKind, ...parts: readonly string[]): AttemptKey => ({
    kind,
    key: keyring.mac('sign-in-attempts', JSON.stringify([kind, ...parts])),
  })

  return {
    async begin({ method, who, address }) {
      const keys = [
        ...(who === undefined ? [] : [keyOf('who', method, who.toLowerCase())]),
        ...placesOf(address).map(({ kind, place }) => keyOf(kind, place)),
      ]
      if (keys.length === 0) return async () => undefined
      const seconds = await store.count(keys)
      if (seconds !== undefined) throw new TooManyAttempts(seconds)
      return () => store.forgive(keys)
    },
    removeExpired: store.removeExpired,
  }
}

function placesOf(address: string | undefined): { kind: 'address' | 'network'; place: string }[] {
  if (address === undefined || !ipaddr.isValid(address)) return []
  const parsed = ipaddr.process(address)
  const prefixes = PREFIXES[parsed.kind()]
  return (['address', 'network'] as const).map((kind) => {
    const mask = prefixes[kind]
    const network =
      parsed.kind() === 'ipv4'
        ? ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/${mask}`)
        : ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${mask}`)
    return { kind, place: `${network.toString()}/${mask}` }
  })
}
