/** The engine's storage interface on PostgreSQL. Writes of a token request go through its unit of work. */
import Provider, { errors } from 'oidc-provider'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { AuditEvent } from '#audit/audit.ts'
import { createAuditStore } from '#audit/audit-store.ts'
import type { Database } from '#database/database.ts'
import type { Endings } from '../endings/endings.ts'
import type { GrantEndReason } from '../endings/reasons.ts'
import { requestScope, type RequestScope } from '../engine/scope/request-scope.ts'
import type { CollectedInsert } from '../engine/scope/unit-of-work.ts'
import { type ArtefactRow, type ArtefactStore, createArtefactStore, type StoredArtefact } from './artefact-store.ts'
import { grantEnded, orUnavailable } from './errors.ts'
import type { GrantStore } from './grant-store.ts'
import { isModelName, MODELS, type ModelName, type ModelRow } from './models.ts'
import { openSuccessor, rowId, type Payload, type PayloadSealer } from './sealing.ts'

export interface AdapterDeps {
  readonly db: Database
  readonly artefacts: ArtefactStore
  readonly grants: GrantStore
  readonly endings: Pick<Endings, 'endGrants'>
  readonly sessions: Adapter
  readonly sealer: PayloadSealer
  /** The grace window: seconds after the first use during which a refresh token gets the same successor. */
  readonly graceSeconds: () => number
  /** Refuses, by throwing, a new row that goes beyond what strangers may have stored. */
  readonly admit: (row: ArtefactRow) => void
}

const REFUSALS = {
  InvalidGrant: () => new errors.InvalidGrant('it was used already'),
  InvalidRequestUri: () => new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used'),
  SessionNotFound: () => new errors.SessionNotFound('the interaction was finished already'),
}

/** Returns the engine's adapter factory: one adapter for each model, over shared functions. */
export function createAdapterFactory(deps: AdapterDeps): (name: string) => Adapter {
  return (name) => {
    if (!isModelName(name)) throw new TypeError(`the engine's model ${name} has no row in models.ts`)
    const row: ModelRow = MODELS[name]
    if (row.storage === 'sessions') return guard(deps.sessions)
    if (row.storage === 'grants') return guard(createGrantAdapter(deps))
    return guard(createArtefactAdapter(name, row, deps))
  }
}

/** Returns the row for a payload, with its secrets sealed. */
export function toArtefactRow(sealer: PayloadSealer, insert: CollectedInsert): ArtefactRow {
  const { kind, value, payload, ttlSeconds } = insert
  const row: ModelRow = MODELS[kind]
  const { open, sealed } = sealer.seal(kind, row, value, payload)
  return {
    kind,
    id: rowId(value),
    payload: open,
    sealed,
    // an interaction outlives the grant it began under, because it leads to a new one
    grantId: row.singleUse ? null : textOf(payload['grantId']),
    accountId: textOf(payload['accountId']),
    clientId: textOf(payload['clientId']),
    userCode: typeof payload['userCode'] === 'string' ? sealer.userCode(payload['userCode']) : null,
    ttlSeconds: ttlSeconds ?? null,
  }
}

function remember(scope: RequestScope, grant: NonNullable<StoredArtefact['grant']>): void {
  scope.grants.payloads.set(grant.id, withExpiry(grant.payload, grant.remainingSeconds))
  scope.grants.statusIndexes.set(grant.id, grant.statusIndex)
}

interface Reader {
  byValue(value: string): Promise<AdapterPayload | undefined>
  byUserCode(code: string): Promise<AdapterPayload | undefined>
}

function createReader(kind: ModelName, row: ModelRow, { artefacts, sealer, graceSeconds }: AdapterDeps): Reader {
  function restore(stored: StoredArtefact | undefined, value?: string): AdapterPayload | undefined {
    if (stored === undefined || (row.singleUse && stored.consumedSeconds !== null)) return undefined
    const scope = requestScope()
    if (stored.grant && scope) remember(scope, stored.grant)
    const opened = sealer.open(kind, stored.id, stored)
    const jti = value ?? opened.value
    const consumed = consumedAt(stored, value, scope)
    return {
      ...withExpiry(opened.payload, stored.remainingSeconds),
      ...(jti === undefined ? {} : { jti }),
      ...(consumed === undefined ? {} : { consumed }),
    }
  }

  /**
   * Returns when a row was used, in epoch seconds; undefined if it is unused or this use may count as a repeat of the
   * first. Throws for reuse within the tolerance (RFC 6749 §4.1.2, RFC 9700 §4.14).
   */
  function consumedAt(stored: StoredArtefact, value: string | undefined, scope?: RequestScope): number | undefined {
    const age = stored.consumedSeconds
    if (age === null) return undefined
    // the age is negative when the use was committed while this statement was running
    if (row.replayToleranceSeconds > 0 && age <= row.replayToleranceSeconds) throw REFUSALS[row.refusal]()
    if (row.repeatable && age <= graceSeconds() && stored.successor && value !== undefined && scope?.unit) {
      scope.unit.repeated = openSuccessor(value, stored.successor)
      return undefined
    }
    return Math.floor(Date.now() / 1000 - age)
  }

  return {
    async byValue(value) {
      const payload = restore(await artefacts.find(kind, rowId(value)), value)
      const unit = requestScope()?.unit
      if (!payload || unit?.repeated === undefined || !row.repeatable) return payload
      // the successor is already used, so the presented token is two generations old: reuse
      const successor = await artefacts.find(kind, rowId(unit.repeated))
      if (successor && successor.consumedSeconds === null) return payload
      unit.repeated = undefined
      return { ...payload, consumed: Math.floor(Date.now() / 1000) }
    },
    byUserCode: async (code) => restore(await artefacts.findByUserCode(kind, sealer.userCode(code))),
  }
}

function createArtefactAdapter(kind: ModelName, row: ModelRow, deps: AdapterDeps): Adapter {
  const { artefacts, sealer } = deps
  const reader = createReader(kind, row, deps)

  async function upsert(value: string, payload: AdapterPayload, ttlSeconds?: number): Promise<void> {
    const insert = { kind, value, payload: { ...payload } as Payload, ttlSeconds }
    const unit = requestScope()?.unit
    if (unit && row.deferred) {
      unit.inserts.push(insert)
      return
    }
    const stored = toArtefactRow(sealer, insert)
    // a payload with a result belongs to an existing row; its save must not restore a destroyed row
    if (!row.singleUse || payload['result'] === undefined) {
      deps.admit(stored)
      return grantEnded(kind, () => artefacts.put(stored))
    }
    if (!(await artefacts.replace(stored))) throw REFUSALS[row.refusal]()
  }

  async function consume(value: string): Promise<void> {
    const unit = requestScope()?.unit
    if (unit) unit.consumption = { kind, value }
    else if (!(await artefacts.consume(kind, rowId(value)))) throw REFUSALS[row.refusal]()
  }

  async function destroy(value: string): Promise<void> {
    if (row.singleUse) {
      if (!(await artefacts.empty(kind, rowId(value)))) throw REFUSALS[row.refusal]()
      return
    }
    const events = requestScope()?.token.revokedEvent() ?? []
    if (row.endsGrant) return removeWithGrant(deps, { kind, id: rowId(value) }, events)
    return artefacts.remove(kind, rowId(value), events)
  }

  return {
    find: reader.byValue,
    findByUserCode: reader.byUserCode,
    upsert,
    consume,
    destroy,
    findByUid: () => Promise.reject(new TypeError(`${kind} has no uid`)),
    revokeByGrantId: (grantId) => endGrant(deps, grantId),
  }
}

function createGrantAdapter(deps: AdapterDeps): Adapter {
  const { grants } = deps
  return {
    async find(id) {
      const known = requestScope()?.grants.payloads.get(id)
      if (known) return { ...known, jti: id }
      const stored = await grants.find(id)
      return stored && { ...withExpiry(stored.payload, stored.remainingSeconds), jti: id }
    },
    async upsert(id, payload, ttlSeconds) {
      const { jti: _jti, exp: _exp, ...open } = payload
      await grants.put(id, open, ttlSeconds ?? null)
      requestScope()?.grants.payloads.delete(id)
    },
    destroy: (id) => endGrant(deps, id),
    consume: () => Promise.reject(new TypeError('a grant is not consumed')),
    findByUid: () => Promise.reject(new TypeError('a grant has no uid')),
    findByUserCode: () => Promise.reject(new TypeError('a grant has no user code')),
    revokeByGrantId: (grantId) => endGrant(deps, grantId),
  }
}

/**
 * Ends a grant with everything issued from it. The engine calls this concurrently, once for each model; all calls share
 * one transaction.
 */
function endGrant({ db, endings }: AdapterDeps, grantId: string | undefined): Promise<void> {
  if (typeof grantId !== 'string' || grantId === '') {
    return Promise.reject(new TypeError('a grant id is needed to revoke by grant'))
  }
  const ended = requestScope()?.grants.ended
  const running = ended?.get(grantId)
  if (running) return running
  const reason = reasonHere()
  const ending = db.transaction(async (trx) => {
    await endings.endGrants(trx, { ids: [grantId] }, reason)
  })
  ended?.set(grantId, ending)
  return ending
}

/** Ends the token's grant with everything issued from it, or removes only the token if it has none. Atomic. */
async function removeWithGrant(
  { db, endings }: AdapterDeps,
  { kind, id }: { kind: ModelName; id: Buffer },
  events: readonly AuditEvent[],
): Promise<void> {
  const reason = reasonHere()
  await db.transaction(async (trx) => {
    const ended = await endings.endGrants(trx, { kind, artefact: id }, reason)
    if (ended.length > 0) await createAuditStore(trx).insert(events)
    else await createArtefactStore(trx).remove(kind, id, events)
  })
}

/** The reason why the engine ends a grant, by endpoint. */
const REASONS: Readonly<Record<string, GrantEndReason>> = {
  token: 'token_reused',
  end_session_confirm: 'signed_out',
}

function reasonHere(): GrantEndReason {
  return REASONS[Provider.ctx?.oidc.route ?? ''] ?? 'token_revoked'
}

/** Adds `exp`, computed from the remaining seconds by the database's clock. */
export function withExpiry(payload: Payload, remainingSeconds: number | null): Payload {
  if (remainingSeconds === null) return payload
  return { ...payload, exp: Math.floor(Date.now() / 1000 + remainingSeconds) }
}

function guard(adapter: Adapter): Adapter {
  return {
    find: (id) => orUnavailable(async () => adapter.find(id)),
    upsert: (id, payload, ttl) => orUnavailable(async () => adapter.upsert(id, payload, ttl)),
    consume: (id) => orUnavailable(async () => adapter.consume(id)),
    destroy: (id) => orUnavailable(async () => adapter.destroy(id)),
    findByUid: (uid) => orUnavailable(async () => adapter.findByUid(uid)),
    findByUserCode: (code) => orUnavailable(async () => adapter.findByUserCode(code)),
    revokeByGrantId: (grantId) => orUnavailable(async () => adapter.revokeByGrantId(grantId)),
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
