/** The service that stores clients. It reads them through a cache that follows the changes of every node. */
import type { Notifications, Queryable } from '#database/database.ts'
import { createNotifiedCache } from '#database/notified-cache.ts'
import {
  addClientSecret,
  type ClientChangeDeps,
  CLIENTS_CHANNEL,
  createClient,
  isReadableId,
  removeClient,
  revokeClientSecret,
  setClientStatus,
  updateClient,
} from './client-changes.ts'
import { createClientStore } from './client-store.ts'
import type { Client, Clients } from './client.ts'
import { ClientNotFound } from './errors.ts'
import { addClientKey, revokeClientKey } from './key-changes.ts'
import { createRefusalStore } from './registration/registration-store.ts'
import { createSecretStore } from './secret-store.ts'
import { unblockClient } from './unblock.ts'

const MAX_AGE_MS = 5000
const MAX_CACHED = 10_000

export interface ClientsDeps extends ClientChangeDeps {
  readonly notifications: Notifications
}

export interface ManagedClients extends Clients {
  /** Removes a resource from every client, in the transaction that deletes the resource. */
  forgetResource(trx: Queryable, identifier: string): Promise<void>
  /** Drops a client from the cache, after this process changed data that is read with it. */
  forget(id: string): void
  /** Whether a client with this id existed and was deleted. */
  wasDeleted(id: string): Promise<boolean>
  /** Lets the id of a deleted client be used again. */
  forgetDeletion(id: string): Promise<boolean>
}

export function createClients(deps: ClientsDeps): ManagedClients {
  const { clock } = deps
  const store = createClientStore(deps.db)
  const cache = createNotifiedCache<Client>({
    channel: CLIENTS_CHANNEL,
    notifications: deps.notifications,
    load: (id) => store.read(id, clock.now()),
    maxAgeMs: MAX_AGE_MS,
    maxEntries: MAX_CACHED,
    clock,
  })

  /** Drops the client from the cache at once, so that this node does not wait for its own notification. */
  async function changed<T>(id: string, change: Promise<T>): Promise<T> {
    const result = await change
    cache.drop(id)
    return result
  }

  return {
    create: (input, by) => createClient(deps, input, by),
    read: async (id) => (isReadableId(id) ? store.read(id, clock.now()) : undefined),
    find: async (id) => (isReadableId(id) ? cache.get(id) : undefined),
    list: (query) => store.list(query, clock.now()),
    update: (id, update, expectedVersion, by) => changed(id, updateClient(deps, { id, expectedVersion, by }, update)),
    setStatus: (id, status, expectedVersion, by) =>
      changed(id, setClientStatus(deps, { id, expectedVersion, by }, status)),
    remove: (id, expectedVersion, by) =>
      changed(
        id,
        removeClient(deps, { id, expectedVersion, by }, (trx) => createRefusalStore(trx).refuse(id, clock.now())),
      ),
    unblock: (id, by) => changed(id, unblockClient(deps, id, by)),
    addSecret: (id, by) => changed(id, addClientSecret(deps, id, by)),
    revokeSecret: (id, secretId, by) => changed(id, revokeClientSecret(deps, id, secretId, by)),
    async listSecrets(id) {
      if (!isReadableId(id) || !(await store.read(id, clock.now()))) throw new ClientNotFound(id)
      return createSecretStore(deps.db).list(id, clock.now())
    },
    addKey: (id, jwk, by) => changed(id, addClientKey(deps, id, jwk, by)),
    revokeKey: (id, name, by) => changed(id, revokeClientKey(deps, id, name, by)),
    forget: (id) => cache.drop(id),
    wasDeleted: store.wasDeleted,
    forgetDeletion: store.forgetDeletion,
    forgetResource: (trx, identifier) =>
      createClientStore(trx).forgetResource(identifier, CLIENTS_CHANNEL, clock.now()),
  }
}
