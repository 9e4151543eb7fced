/** Slows down guessing with exact counters in PostgreSQL, which are raised before a proof is checked. */
import { spellingKey } from '#accounts/email.ts'
import type { Queryable } from '#database/database.ts'
import { networkOf, widerNetworkOf } from '#http/network.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { createAttemptsStore } from './attempts-store.ts'
import type { BudgetKey } from './budgets-store.ts'
import { TooManyAttempts } from './errors.ts'

/** Counts what a signed-in person proves apart from sign-ins, as if from a browser of their own. */
export const SESSION = 'session'

export interface Attempt {
  /** The counter to use; methods with different counters are limited separately. */
  readonly method: string
  /** The account, or the identifier as typed; undefined if the proof itself finds the account. */
  readonly who: string | undefined
  /**
   * The id of the browser, if the account signed in there before. It has a count of its own, and its address is not
   * asked, so that neither guesses from elsewhere nor neighbors can lock the person out.
   */
  readonly knownBrowser?: string | undefined
  /**
   * The client that presents the proof, in place of a browser. It has a count of its own for the account, and a bucket for
   * all accounts, so that no client locks a person out at another one.
   */
  readonly clientId?: string
  readonly address: string | undefined
  /** Counts in a bucket of this name that the address has for itself, apart from sign-ins. */
  readonly budget?: string
}

/** Reports the result of an attempt. Without a report, the attempt counts as a failure. */
export interface BegunAttempt {
  /**
   * Clears the failures of the account and takes back this attempt's count of the address. With `accountId`, also
   * takes back further counts of the address, once an hour for each account.
   */
  succeeded(accountId: string | undefined): Promise<void>
  /** Takes back this attempt alone, because the proof could not be checked. */
  undo(): Promise<void>
}

export interface Attempts {
  /**
   * Counts a failure of the account and of the address before the check, so that concurrent attempts are all counted.
   * Throws TooManyAttempts (429) while one of them has to wait; then nothing is counted.
   */
  begin(attempt: Attempt): Promise<BegunAttempt>
  /** Counts a mail that someone at the address asks for. Throws TooManyAttempts (429) when they have to wait. */
  countMail(address: string | undefined): Promise<void>
  /** Deletes expired rows. Returns their number by table. */
  removeExpired(): Promise<Readonly<Record<string, number>>>
}

export function createAttempts({ db, keyring }: { db: Queryable; keyring: Pick<Keyring, 'mac'> }): Attempts {
  const store = createAttemptsStore(db)
  // a keyed digest, because people sometimes type their password into the identifier field
  const keyOf = (...parts: readonly string[]) => keyring.mac('sign-in-attempts', JSON.stringify(parts))
  const budgetsOf = (address: string | undefined, ...purpose: readonly string[]): BudgetKey[] =>
    networksOf(address).map(([kind, network]) => ({ kind, key: keyOf(kind, network, ...purpose) }))

  return {
    async begin({ method, who: name, knownBrowser, clientId, address, budget }) {
      const from = knownBrowser ?? clientId
      const prefix = from === undefined ? '' : `${from} `
      const who = name === undefined ? undefined : keyOf('who', method, spellingKey(prefix + name))
      const budgets: readonly BudgetKey[] =
        clientId === undefined
          ? budgetsOf(address, ...(budget === undefined ? [] : [budget]))
          : [{ kind: 'client', key: keyOf('client', method, clientId) }]
      const begun = await store.begin({ who, budgets: knownBrowser === undefined ? budgets : [] })
      if ('seconds' in begun) throw new TooManyAttempts(begun.seconds)
      return {
        async succeeded(accountId) {
          await store.succeeded(begun.counted)
          if (accountId !== undefined) await store.ease(budgets, keyOf('account', accountId))
        },
        undo: () => store.undo(begun.counted),
      }
    },
    async countMail(address) {
      const begun = await store.begin({ who: undefined, budgets: budgetsOf(address, 'mail') })
      if ('seconds' in begun) throw new TooManyAttempts(begun.seconds)
    },
    removeExpired: store.removeExpired,
  }
}

function networksOf(address: string | undefined) {
  const networks = [
    ['address', networkOf(address)],
    ['network', widerNetworkOf(address)],
  ] as const
  return networks.filter(([, network]) => network !== '')
}
