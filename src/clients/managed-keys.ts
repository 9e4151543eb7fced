/** The service for the keys of clients: which keys there are, when they were used and which are revoked. */
import { type Audit, type AuditContext } from '#audit/audit.ts'
import type { Database, Notifications, Queryable } from '#database/database.ts'
import { notify } from '#database/notify.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import type { ManagedClients } from './clients.ts'
import type { Client, PublicJwk } from './client.ts'
import { ClientKeysElsewhere, ClientNotFound } from './errors.ts'
import { presentKeys } from './client-keys.ts'
import { createKeyStore, describeKey, type KeyDocumentState, type SeenKey } from './key-store.ts'
import { keyThumbprint } from './key-thumbprint.ts'
import { createKeyUses, type KeyUses } from './key-uses.ts'
import { addressOf, createKeyFetches, type KeyFetches, reasonOf } from './published-keys.ts'

/**
 * The notification channel for manual fetches. Every node forgets its earlier attempts for the client in the payload.
 */
const REFETCH_CHANNEL = 'signet_client_keys_refetch'

export interface ClientKey extends Omit<SeenKey, 'firstSeenAt'> {
  /** Null for a key that is older than this record and has not been used since. */
  readonly firstSeenAt: Date | null
  /** `gone`: the client no longer publishes the key, but nobody revoked it. */
  readonly status: 'active' | 'revoked' | 'gone'
  /** The key as the client has it now; null when the client no longer has it. */
  readonly jwk: PublicJwk | null
}

export interface ClientKeyReport {
  /** Active keys first, then the others, both in the order in which they were first seen. */
  readonly keys: readonly ClientKey[]
  /** The result of the last fetch; undefined without a `jwks_uri` or before the first fetch. */
  readonly document: KeyDocumentState | undefined
}

/** Errors: ClientNotFound 404, ClientKeyNotFound 404, ClientKeyTaken 409, ClientKeysElsewhere 409. */
export interface ClientKeys extends Pick<KeyFetches, 'mayForce' | 'refresh'>, KeyUses {
  report(id: string): Promise<ClientKeyReport>
  /** Fetches the `jwks_uri` now, for all nodes. If that fails, known keys stay valid and the report says why. */
  refetch(id: string, by: AuditContext): Promise<ClientKeyReport>
}

export interface ClientKeysDeps {
  readonly db: Database
  readonly notifications: Notifications
  readonly audit: Audit
  readonly clock: Clock
  readonly clients: Pick<ManagedClients, 'read' | 'forget'>
  readonly fetch: GuardedFetch
}

export function createClientKeys(deps: ClientKeysDeps): ClientKeys {
  const { db, clients, notifications } = deps
  const uses = createKeyUses(deps)
  const fetches = createKeyFetches({ ...deps, read: clients.read, changed: clients.forget })
  notifications.listen(REFETCH_CHANNEL, fetches.forget)

  async function report(id: string): Promise<ClientKeyReport> {
    await uses.flush()
    const client = await readClient(id)
    const store = createKeyStore(db)
    const uri = client.metadata.jwks_uri
    const document = uri === undefined ? undefined : await store.document(id)
    return {
      keys: told(client, await store.list(id)),
      document: document?.uri === uri ? document : undefined,
    }
  }

  async function readClient(id: string): Promise<Client> {
    const client = await clients.read(id)
    if (!client) throw new ClientNotFound(id)
    return client
  }

  return {
    ...uses,
    mayForce: fetches.mayForce,
    refresh: fetches.refresh,
    report,
    async refetch(id, by) {
      const client = await readClient(id)
      if (client.metadata.jwks_uri === undefined) throw new ClientKeysElsewhere(id, undefined)
      try {
        await fetches.fetchNow(client, (trx) => recordAndNotify(deps, trx, { id, by }))
      } catch (error) {
        const reason = reasonOf(error)
        await db.transaction(async (trx) => {
          const at = deps.clock.now()
          await createKeyStore(trx).failed(id, { uri: addressOf(client), error: reason, at })
          await recordAndNotify(deps, trx, { id, by, reason })
        })
      }
      return report(id)
    },
  }
}

async function recordAndNotify(
  { audit }: ClientKeysDeps,
  trx: Queryable,
  { id, by, reason }: { id: string; by: AuditContext; reason?: string },
): Promise<void> {
  await audit.recordIn(trx, {
    ...by,
    type: 'client.keys_refetched',
    outcome: reason === undefined ? 'success' : 'failure',
    subject: { kind: 'client', id },
    clientId: id,
    ...(reason === undefined ? {} : { reason }),
  })
  await notify(trx, REFETCH_CHANNEL, id)
}

function told(client: Client, seen: readonly SeenKey[]): ClientKey[] {
  const present = new Map(presentKeys(client).map((jwk) => [keyThumbprint(jwk), jwk]))
  const keys = seen.map((key) => {
    const jwk = present.get(key.thumbprint) ?? null
    const status = key.revokedAt ? ('revoked' as const) : jwk ? ('active' as const) : ('gone' as const)
    present.delete(key.thumbprint)
    return { ...key, status, jwk }
  })
  const unseen = [...present.values()].map((jwk) => ({ ...describeKey(jwk), status: 'active' as const, jwk }))
  return [...unseen.map((key) => ({ ...key, firstSeenAt: null, lastUsedAt: null, revokedAt: null })), ...keys].toSorted(
    (a, b) => Number(b.status === 'active') - Number(a.status === 'active'),
  )
}
