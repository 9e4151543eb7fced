/** Stores what a person decided about a device: once, whoever else decides at the same time (RFC 8628 §3.3). */
import { errors } from 'oidc-provider'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import { toArtefactRow } from '../../adapter/adapter.ts'
import type { ArtefactRow } from '../../adapter/artefact-store.ts'
import { orUnavailable } from '../../adapter/errors.ts'
import { createGrantStore } from '../../adapter/grant-store.ts'
import type { Payload, PayloadSealer } from '../../adapter/sealing.ts'
import { createWaitingStore } from '../../adapter/waiting-store.ts'

/** Another decision was faster, or the code has expired meanwhile. */
export class DeviceDecided extends errors.InvalidGrant {
  constructor() {
    super('the device code was decided already, or it has expired')
  }
}

export interface DeviceDecisionsDeps {
  readonly db: Database
  readonly sealer: PayloadSealer
  readonly audit: Pick<Audit, 'recordIn'>
  /** Who decides, in the current request. */
  readonly by: () => AuditContext
}

/**
 * The errors that are decisions; a device is told of all of them as `access_denied` (RFC 8628 §3.5). After any other
 * error, such as a lost session or database, the device waits on and the person can try again.
 */
export const REFUSALS: ReadonlySet<string> = new Set(['access_denied', 'unmet_authentication_requirements'])

/** Returns the function that stores a decision. It throws DeviceDecided when there was one before. */
export function createDeviceDecisions({ db, sealer, audit, by }: DeviceDecisionsDeps) {
  async function approve(row: ArtefactRow): Promise<void> {
    await db.transaction(async (trx) => {
      const grantId = await createGrantStore(trx).copy(String(row.grantId))
      // the person signed out, or took the consent back, meanwhile
      if (grantId === undefined) throw new errors.SessionNotFound('the grant ended while this request was under way')
      // tokens of a device do not end with the browser session of the person who approved it
      const { expiresWithSession: _bound, ...payload } = row.payload
      await decide({ ...row, grantId, payload: { ...payload, grantId } }, trx)
      await audit.recordIn(trx, { ...eventOf(row, by()), type: 'device.approved', outcome: 'success' })
    })
  }

  async function deny(row: ArtefactRow): Promise<void> {
    await db.transaction(async (trx) => {
      await decide({ ...row, accountId: null, payload: { ...row.payload, error: 'access_denied' } }, trx)
      const reason = row.payload['errorDescription'] as string
      await audit.recordIn(trx, { ...eventOf(row, by()), type: 'device.denied', outcome: 'failure', reason })
    })
  }

  return async ({ value, payload }: { value: string; payload: Payload }): Promise<void> => {
    const error = payload['error'] as string | undefined
    const row = toArtefactRow(sealer, { kind: 'DeviceCode', value, payload, ttlSeconds: undefined })
    if (error === undefined) await orUnavailable(() => approve(row))
    else if (REFUSALS.has(error)) await orUnavailable(() => deny(row))
  }
}

async function decide(row: ArtefactRow, trx: Queryable): Promise<void> {
  if (!(await createWaitingStore(trx).decide(row))) throw new DeviceDecided()
}

function eventOf({ clientId }: ArtefactRow, by: AuditContext) {
  const { kind, id } = by.actor
  return {
    ...by,
    ...(clientId === null ? {} : { clientId }),
    ...(kind === 'account' && id !== undefined ? { accountId: id } : {}),
  }
}
