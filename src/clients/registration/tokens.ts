/** The service for initial access tokens: values with which clients register themselves (RFC 7591 §3). */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Fault } from '#shared/app-error.ts'
import type { Clock } from '#shared/clock.ts'
import { randomId, randomName, sha256 } from '#shared/ids.ts'
import type { FindResource } from '../allowances.ts'
import { InitialAccessTokenNotFound, PolicyInvalid } from './errors.ts'
import { checkPolicy } from './policy.ts'
import type { InitialAccessTokens } from './registration.ts'
import { createTokenStore } from './token-store.ts'

export interface InitialAccessTokenDeps {
  readonly db: Database
  readonly audit: Audit
  readonly clock: Clock
  /** Finds a registered resource. A policy can name only registered ones. */
  readonly findResource: FindResource
}

export function createInitialAccessTokens({
  db,
  audit,
  clock,
  findResource,
}: InitialAccessTokenDeps): InitialAccessTokens {
  const subjectOf = (id: string) => ({ kind: 'initial_access_token', id })

  return {
    async create({ name, policy: given, maxUses, lifetimeSeconds }, by) {
      const faults: Fault[] = []
      const policy = await checkPolicy(given, findResource, faults)
      if (faults.length > 0) throw new PolicyInvalid(faults)
      const value = randomId('iat-')
      const createdAt = clock.now()
      const expiresAt = new Date(createdAt.getTime() + lifetimeSeconds * 1000)
      const token = { id: randomName('ini-'), name, policy, maxUses, uses: 0, createdAt, expiresAt }
      await db.transaction(async (trx) => {
        await createTokenStore(trx).insert(token, sha256(value))
        const detail = {
          expires_at: expiresAt.toISOString(),
          ...(maxUses === undefined ? {} : { max_uses: maxUses }),
        }
        const subject = subjectOf(token.id)
        await audit.recordIn(trx, { ...by, type: 'initial_access_token.created', outcome: 'success', subject, detail })
      })
      return { token, value }
    },
    list: (query) => createTokenStore(db).list(query),
    async revoke(id: string, by: AuditContext) {
      await db.transaction(async (trx) => {
        const removed = await createTokenStore(trx).remove(id)
        if (!removed) throw new InitialAccessTokenNotFound(id)
        const detail = removed.name === null ? {} : { name: removed.name }
        const subject = subjectOf(id)
        await audit.recordIn(trx, { ...by, type: 'initial_access_token.revoked', outcome: 'success', subject, detail })
      })
    },
  }
}
