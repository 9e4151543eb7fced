/** Slows down whoever guesses: exact counters in PostgreSQL, raised before a proof is looked at. */
import ipaddr from 'ipaddr.js'
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { type AttemptKey, type AttemptKind, createAttemptsStore } from './attempts-store.ts'
import { TooManyAttempts } from './errors.ts'

/** Bits of a network that count as one: `address` for one customer, `network` for their neighbours. */
const PREFIXES = { ipv4: { address: 32, network: 24 }, ipv6: { address: 64, network: 48 } } as const

export interface Attempt {
  /** What is tried: each method counts for itself. */
  readonly method: string
  /** The account or what was typed for one; undefined where the proof itself finds the account. */
  readonly who: string | undefined
  readonly address: string | undefined
}

/** What came of an attempt; an attempt of which nothing is said counts as one that failed, for the account. */
export interface BegunAttempt {
  succeeded(): Promise<void>
  failed(): Promise<void>
}

export interface Attempts {
  /**
   * Counts a failure of the account beforehand, so that a thousand at once count a thousand times. Throws
   * TooManyAttempts (429) while the account or its network must wait.
   */
  begin(attempt: Attempt): Promise<BegunAttempt>
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
    async begin({ method, who: name, address }) {
      const who = name === undefined ? undefined : keyOf('who', method, name.toLowerCase())
      const networks = networksOf(address).map(({ kind, network }) => keyOf(kind, network))
      const seconds = await store.begin(who, networks)
      if (seconds !== undefined) throw new TooManyAttempts(seconds)
      return {
        succeeded: async () => who && store.forgive(who),
        // many people sign in from one network at the same time: there only failures count
        failed: () => store.failed(networks),
      }
    },
    removeExpired: store.removeExpired,
  }
}

function networksOf(address: string | undefined): { kind: 'address' | 'network'; network: string }[] {
  if (address === undefined || !ipaddr.isValid(address)) return []
  const parsed = ipaddr.process(address)
  const prefixes = PREFIXES[parsed.kind()]
  return (['address', 'network'] as const).map((kind) => {
    const mask = prefixes[kind]
    const network =
      parsed.kind() === 'ipv4'
        ? ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/${mask}`)
        : ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${mask}`)
    return { kind, network: `${network.toString()}/${mask}` }
  })
}
