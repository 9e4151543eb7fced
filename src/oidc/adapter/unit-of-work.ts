/** Commits the unit of work of a token request, in one statement before its answer. */
import { createBatchWriter } from '#database/batch-writer.ts'
import type { AuditEvent } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Reservation, UnitOfWork } from '../engine/scope/unit-of-work.ts'
import type { ArtefactRow, ArtefactStore } from './artefact-store.ts'
import { openSuccessor, rowId, sealSuccessor } from './sealing.ts'
import { createTokenStore, type MachineToken, type TokenCommit, type TokenStore } from './token-store.ts'

/**
 * `committed`: the answer may go out; `refreshToken`, if set, replaces the one in it.
 * `replayed`: the assertion or proof was used before.
 * `spent`: the code or refresh token was used meanwhile, or its grant ended.
 */
export type Settlement =
  | { readonly outcome: 'committed'; readonly refreshToken?: string }
  | { readonly outcome: 'replayed'; readonly what: Reservation['of'] }
  | { readonly outcome: 'spent' }

export interface UnitSettler {
  /** For a 200 answer: commits reservations, consumption, dependent writes and audit events together. */
  settle(unit: UnitOfWork, also: { audit: readonly AuditEvent[]; touch: TokenCommit['touch'] }): Promise<Settlement>
  /** For any other answer: drops the consumption and inserts, writes the reservations and audit events. */
  refuse(unit: UnitOfWork, audit: readonly AuditEvent[]): Promise<void>
}

interface SettlerDeps {
  readonly db: Database
  readonly artefacts: ArtefactStore
  readonly toRow: (insert: UnitOfWork['inserts'][number]) => ArtefactRow
  readonly graceSeconds: () => number
}

const MAX_BATCH = 64

export function createUnitSettler(deps: SettlerDeps): UnitSettler {
  const store = createTokenStore(deps.db)
  const machines = createBatchWriter<MachineToken, readonly Reservation[]>({
    write: store.reserve,
    maxBatch: MAX_BATCH,
  })

  return {
    async settle(unit, { audit, touch }) {
      if (isMachineToken(unit) && touch === undefined) {
        const reused = await machines.submit({ reservations: written(unit), audit })
        return reused.length === 0 ? { outcome: 'committed' } : replayed(reused)
      }
      const { reused, done } = await store.commit({ ...partsOf(deps, unit), audit, touch })
      written(unit)
      if (reused.length > 0) return replayed(reused)
      if (!done) return repeat(deps, store, { unit, audit })
      return unit.repeated === undefined
        ? { outcome: 'committed' }
        : { outcome: 'committed', refreshToken: unit.repeated }
    },
    async refuse(unit, audit) {
      if (unit.reservations.length === 0 && audit.length === 0) return
      const reused = await machines.submit({ reservations: written(unit), audit })
      // a replayed assertion holds back the event of its request, so record it on its own
      if (reused.length > 0) await machines.submit({ reservations: [], audit })
    },
  }
}

/** Returns what was replayed. When both were, as in a repeated request, it is the assertion, which is checked first. */
function replayed(reused: readonly Reservation[]): Settlement {
  return { outcome: 'replayed', what: reused.some(({ of }) => of === 'assertion') ? 'assertion' : 'proof' }
}

function isMachineToken({ consumption, repeated, inserts }: UnitOfWork): boolean {
  return consumption === undefined && repeated === undefined && inserts.length === 0
}

function partsOf({ toRow }: SettlerDeps, unit: UnitOfWork): Omit<TokenCommit, 'audit' | 'touch'> {
  const { consumption, repeated, inserts } = unit
  const rotated = consumption?.kind === 'RefreshToken' ? inserts.find(({ kind }) => kind === 'RefreshToken') : undefined
  return {
    reservations: unit.reservations,
    consumption: consumption && {
      kind: consumption.kind,
      id: rowId(consumption.value),
      successor: rotated ? sealSuccessor(consumption.value, rotated.value) : null,
    },
    guard: repeated === undefined ? undefined : { kind: 'RefreshToken', id: rowId(repeated) },
    inserts: inserts.map(toRow),
  }
}

/** Handles a refresh token that another request rotated first. Within the grace window, it gets the same successor. */
async function repeat(
  { artefacts, toRow, graceSeconds }: SettlerDeps,
  store: TokenStore,
  { unit, audit }: { unit: UnitOfWork; audit: readonly AuditEvent[] },
): Promise<Settlement> {
  const presented = unit.consumption?.kind === 'RefreshToken' ? unit.consumption.value : undefined
  if (presented === undefined) return { outcome: 'spent' }
  const stored = await artefacts.find('RefreshToken', rowId(presented))
  if (!stored?.successor || (stored.consumedSeconds ?? Infinity) > graceSeconds()) return { outcome: 'spent' }
  const successor = openSuccessor(presented, stored.successor)
  const { done } = await store.commit({
    reservations: [],
    consumption: undefined,
    touch: undefined,
    guard: { kind: 'RefreshToken', id: rowId(successor) },
    inserts: unit.inserts.filter(({ kind }) => kind !== 'RefreshToken').map(toRow),
    audit,
  })
  return done ? { outcome: 'committed', refreshToken: successor } : { outcome: 'spent' }
}

/** Takes the reservations of a unit, so that each is written once. */
function written(unit: UnitOfWork): Reservation[] {
  return unit.reservations.splice(0)
}
