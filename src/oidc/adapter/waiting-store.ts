/** SQL for requests that wait for the decision of a person while their client polls. Each step is one conditional statement. */
import type { Queryable } from '#database/database.ts'
import type { ArtefactRow } from './artefact-store.ts'
import type { ModelName } from './models.ts'

/** Whether a row waits for a decision: an approval sets its grant, and a refusal its error. */
export const UNDECIDED =
  "consumed_at IS NULL AND expires_at > now() AND grant_id IS NULL AND payload ->> 'error' IS NULL"

export interface WaitingStore {
  /**
   * Replaces the payload, account and grant of a row that waits for a decision. Returns false when it was decided
   * before, is used, or has expired.
   */
  decide(row: ArtefactRow): Promise<boolean>
  /**
   * Counts a poll for a row that waits for a decision. `tooSoon`: it came before the interval was over, which is longer
   * from now on. `seconds`: the interval. Once it is the longest, polls that come too soon write nothing, so that a client
   * that never waits causes a few writes only.
   */
  poll(kind: ModelName, id: Buffer): Promise<{ tooSoon: boolean; seconds: number }>
}

/**
 * RFC 8628 §3.2: the interval between polls in seconds. §3.5: each poll that comes too soon makes it five seconds longer.
 * The slack is for clients that measure from answer to answer on a network that is not always equally fast.
 */
export const POLLING = { interval: 5, longer: 5, longest: 60, slack: 0.5 } as const

const TOO_SOON = 'coalesce(next_poll_at > now(), false)'
const INTERVAL = `least(coalesce(poll_interval, ${POLLING.interval})
  + CASE WHEN ${TOO_SOON} THEN ${POLLING.longer} ELSE 0 END, ${POLLING.longest})`
// A statement that waited for the row lock sees the updated row, so of two polls at once one is too soon.
const POLL = `
  UPDATE artefacts SET poll_interval = ${INTERVAL}, polled_too_soon = ${TOO_SOON},
    next_poll_at = now() + make_interval(secs => ${INTERVAL} - ${POLLING.slack})
  WHERE kind = $1 AND id = $2 AND NOT (${TOO_SOON} AND poll_interval >= ${POLLING.longest})
  RETURNING polled_too_soon, poll_interval`

export function createWaitingStore(db: Queryable): WaitingStore {
  return {
    async decide({ kind, id, payload, sealed, grantId, accountId }) {
      const { rowCount } = await db.query(
        `UPDATE artefacts SET payload = $3, sealed = $4, grant_id = $5, account_id = $6
         WHERE kind = $1 AND id = $2 AND ${UNDECIDED}`,
        [kind, id, JSON.stringify(payload), sealed, grantId, accountId],
      )
      return rowCount === 1
    },
    async poll(kind, id) {
      const { rows } = await db.query<{ polled_too_soon: boolean; poll_interval: number }>(POLL, [kind, id])
      const { polled_too_soon: tooSoon = true, poll_interval: seconds = POLLING.longest } = rows[0] ?? {}
      return { tooSoon, seconds }
    },
  }
}
