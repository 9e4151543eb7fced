/** Slows down guessing with exact counters in PostgreSQL, which are raised before a proof is checked. */
import ipaddr from 'ipaddr.js'
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { type AttemptKey, type AttemptKind, createAttemptsStore } from './attempts-store.ts'
import { TooManyAttempts } from './errors.ts'

/** Prefix lengths, in bits: `address` covers one customer, `network` also covers their neighbors. */
const PREFIXES = { ipv4: { address: 32, network: 24 }, ipv6: { address: 64, network: 48 } } as const

export interface Attempt {
  /** The counter to use; methods with different counters are limited separately. */
  readonly method: string
  /** The account, or the identifier as typed; undefined if the proof itself finds the account. */
  readonly who: string | undefined
  readonly address: string | undefined
}

/** Reports the result of an attempt. Without a report, the attempt counts as a failure of the account. */
export interface BegunAttempt {
  succeeded(): Promise<void>
  failed(): Promise<void>
  /** Takes back this attempt alone, because the proof could not be checked. */
  undo(): Promise<void>
}

export interface Attempts {
  /**
   * Counts a failure of the account before the check, so that concurrent attempts are all counted. Throws
   * TooManyAttempts (429) while the account or its network has to wait.
   */
  begin(attempt: Attempt): Promise<BegunAttempt>
  removeExpired(): Promise<number>
}

export function createAttempts({ db, keyring }: { db: Queryable; keyring: Pick<Keyring, 'mac'> }): Attempts {
  const store = createAttemptsStore(db)
  // a keyed digest, because people sometimes type their password into the identifier field
  const keyOf = (kind: AttemptKind, ...parts: readonly string[]): AttemptKey => ({
    kind,
    key: keyring.mac('sign-in-attempts', JSON.stringify([kind, ...parts])),
  })

  return {
    async begin({ method, who: name, address }) {
      const who = name === undefined ? undefined : keyOf('who', method, name.toLowerCase())
      const networks = networksOf(address).map(({ kind, network }) => keyOf(kind, network))
      const { counted, seconds } = await store.begin(who, networks)
      if (seconds !== undefined) throw new TooManyAttempts(seconds)
      return {
        succeeded: async () => who && store.forgive(who),
        // many people may sign in from one network at the same time, so only failures count there
        failed: () => store.failed(networks),
        undo: async () => counted && store.undo(counted),
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
