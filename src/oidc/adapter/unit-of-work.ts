/** Settles the unit of work of a token request: everything it wrote goes out in one statement before its answer. */
import { createBatchWriter } from '#database/batch-writer.ts'
import { sqlState } from '#database/errors.ts'
import type { AuditEvent } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Reservation, UnitOfWork } from '../request-scope.ts'
import type { ArtefactRow, ArtefactStore } from './artefact-store.ts'
import { openSuccessor, rowId, sealSuccessor } from './sealing.ts'
import { createTokenStore, type CommitOutcome, type MachineToken, type TokenCommit } from './token-store.ts'

/**
 * `committed`: the answer may go out, with `refreshToken` in place of the one it carries where that is set.
 * `replayed`: an assertion was used before. `spent`: the code or refresh token was used meanwhile, or its grant ended.
 */
export type Settlement =
  | { readonly outcome: 'committed'; readonly refreshToken?: string }
  | { readonly outcome: 'replayed' | 'spent' }

export interface UnitSettler {
  /** For an answer of 200: reservations, consumption, what depends on it, and the events, in one commit. */
  settle(unit: UnitOfWork, also: { audit: readonly AuditEvent[]; touch: TokenCommit['touch'] }): Promise<Settlement>
  /** For any other answer: consumption and inserts are dropped, reservations and events are written. */
  refuse(unit: UnitOfWork, audit: readonly AuditEvent[]): Promise<void>
}

interface SettlerDeps {
  readonly db: Database
  readonly artefacts: ArtefactStore
  readonly toRow: (insert: UnitOfWork['inserts'][number]) => ArtefactRow
  readonly graceSeconds: number
}

const MAX_BATCH = 64

export function createUnitSettler({ db, artefacts, toRow, graceSeconds }: SettlerDeps): UnitSettler {
  const store = createTokenStore(db)
  const machines = createBatchWriter<MachineToken, boolean>({ write: store.reserve, maxBatch: MAX_BATCH })

  async function commit(parts: TokenCommit): Promise<Partial<CommitOutcome>> {
    try {
      return await store.commit(parts)
    } catch (error) {
      // the grant ended while the request was under way: its tokens have nothing to hang on, nothing was written
      if (sqlState(error) === '23503') return {}
      throw error
    }
  }

  /** Somebody else rotated the token first: within the grace window the answer is the same successor. */
  async function repeat(unit: UnitOfWork, audit: readonly AuditEvent[]): Promise<Settlement> {
    const presented = unit.consumption?.kind === 'RefreshToken' ? unit.consumption.value : undefined
    if (presented === undefined) return { outcome: 'spent' }
    const stored = await artefacts.find('RefreshToken', rowId(presented))
    if (!stored?.successor || (stored.consumedSeconds ?? Infinity) > graceSeconds) return { outcome: 'spent' }
    const successor = openSuccessor(presented, stored.successor)
    const { done } = await commit({
      ...EMPTY,
      guard: { kind: 'RefreshToken', id: rowId(successor) },
      inserts: unit.inserts.filter(({ kind }) => kind !== 'RefreshToken').map(toRow),
      audit,
    })
    return done ? { outcome: 'committed', refreshToken: successor } : { outcome: 'spent' }
  }

  return {
    async settle(unit, { audit, touch }) {
      const { consumption, repeated, inserts } = unit
      if (consumption === undefined && repeated === undefined && touch === undefined && inserts.length === 0) {
        const fresh = await machines.submit({ reservations: written(unit), audit })
        return { outcome: fresh ? 'committed' : 'replayed' }
      }
      const rotated = consumption?.kind === 'RefreshToken' ? inserts.find(({ kind }) => kind === 'RefreshToken') : null
      const { fresh, done } = await commit({
        reservations: unit.reservations,
        consumption: consumption && {
          kind: consumption.kind,
          id: rowId(consumption.value),
          successor: rotated ? sealSuccessor(consumption.value, rotated.value) : null,
        },
        guard: repeated === undefined ? undefined : { kind: 'RefreshToken', id: rowId(repeated) },
        touch,
        inserts: inserts.map(toRow),
        audit,
      })
      if (fresh !== undefined) written(unit)
      if (fresh === false) return { outcome: 'replayed' }
      if (!done) return repeat(unit, audit)
      return repeated === undefined ? { outcome: 'committed' } : { outcome: 'committed', refreshToken: repeated }
    },
    async refuse(unit, audit) {
      const fresh = await machines.submit({ reservations: written(unit), audit })
      // a refused request with a used assertion: its reservation conflicts, its event is owed all the same
      if (!fresh) await machines.submit({ reservations: [], audit })
    },
  }
}

/** The reservations of a unit, each to be written once however the request goes on. */
function written(unit: UnitOfWork): Reservation[] {
  return unit.reservations.splice(0)
}

const EMPTY: TokenCommit = {
  reservations: [],
  consumption: undefined,
  guard: undefined,
  touch: undefined,
  inserts: [],
  audit: [],
}
