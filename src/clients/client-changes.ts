/** Creates, changes and deletes clients. Each change is one transaction with its audit event and notification. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { AuditFields, EventsOf } from '#audit/events.ts'
import type { Database, Queryable } from '#database/database.ts'
import { notify } from '#database/notify.ts'
import { changeVersioned, type VersionedTarget } from '#database/versioned.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import { randomId, randomName } from '#shared/ids.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'
import { type Administration, keepAnAdministrator } from './administration.ts'
import { usesSecret } from './auth-methods.ts'
import { inlineKeys } from './client-keys.ts'
import { type ClientFields, createClientStore } from './client-store.ts'
import type { Client, ClientInput, ClientSecret, ClientUpdate, NewClient } from './client.ts'
import {
  ClientExists,
  ClientIdDeleted,
  ClientMetadataError,
  ClientNotFound,
  ClientSecretNotFound,
  TooManySecrets,
} from './errors.ts'
import { createKeyStore } from './key-store.ts'
import { createSecretStore } from './secret-store.ts'
import { SIGNED_RESPONSE_ALGS } from './members/tokens.ts'
import { assertSector } from './sectors.ts'
import { validateClient, type ValidationDeps } from './validation.ts'

/** The notification channel for changes. The payload is the id of the changed client. */
export const CLIENTS_CHANNEL = 'signet_clients'
const MAX_SECRETS = 5
/** Longer ones are addresses of client documents. */
const READABLE = /^(?:[\x21-\x7E]{1,128}|https?:\/\/[\x21-\x7E]{1,504})$/

export interface ClientChangeDeps extends ValidationDeps {
  readonly db: Database
  readonly audit: Audit
  readonly clock: Clock
  /** For `sector_identifier_uri`. */
  readonly fetch: GuardedFetch
  /** Makes the keys that sign ID tokens and other answers with this algorithm, before the first client uses it. */
  readonly prepareSigningAlg?: (alg: string, by: AuditContext) => Promise<void>
  /** Runs in the transaction that deletes a client, so that its grants and consents end with it. */
  readonly onRemove?: (trx: Queryable, id: string) => Promise<void>
  readonly administration: Administration
}

export interface Change {
  readonly id: string
  readonly expectedVersion: ExpectedVersion
  readonly by: AuditContext
}

/** Whether an id has the form of a client id. Other ids are not looked up. */
export function isReadableId(id: string): boolean {
  return READABLE.test(id)
}

export async function createClient(deps: ClientChangeDeps, input: NewClient, by: AuditContext) {
  const fields = await validateClient(deps, input, undefined)
  return insertClient(deps, { id: input.id ?? randomName('cli-'), origin: input.origin, fields, by })
}

/** What else is written in the transaction of a change. An error rolls it back. */
export type Alongside = (trx: Queryable, client: Client) => Promise<void>

interface Insertion extends Pick<Client, 'id' | 'origin'> {
  readonly fields: ClientFields
  readonly by: AuditContext
  /** The initial access token that the client registered with. */
  readonly initialAccessToken?: string | undefined
}

/** Creates a client with fields that were validated. */
export async function insertClient(deps: ClientChangeDeps, insertion: Insertion, alongside?: Alongside) {
  const { id, origin, fields, by, initialAccessToken } = insertion
  await assertSector(deps.fetch, fields.metadata, undefined)
  await prepareSigning(deps, fields, by)
  return deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    const store = createClientStore(trx)
    if (!(await store.insert(id, { ...fields, origin }, at))) throw new ClientExists(id)
    // checked after the insert, which waits for a concurrent deletion of the same id
    if (await store.wasDeleted(id)) throw new ClientIdDeleted(id)
    await createKeyStore(trx).seen(id, inlineKeys(fields), at)
    const secret = usesSecret(fields.metadata) ? (await insertSecret(trx, id, at)).value : undefined
    const detail = {
      profile: fields.profile,
      method: String(fields.metadata.token_endpoint_auth_method),
      origin,
      ...(initialAccessToken === undefined ? {} : { initial_access_token: initialAccessToken }),
    }
    const client = await readIn(trx, id, at)
    await alongside?.(trx, client)
    await recordAndNotify(deps, trx, { type: 'client.created', by, id, detail })
    return secret === undefined ? { client } : { client, secret }
  })
}

export async function updateClient(
  deps: ClientChangeDeps,
  change: Change,
  update: ClientUpdate,
  alongside?: Alongside,
): Promise<Client> {
  const { id, by } = change
  return changeVersioned(versioned(deps, change), async (before) => {
    const input = typeof update === 'function' ? update(before) : update
    const fields = await validateClient(deps, input, before)
    await assertSector(deps.fetch, fields.metadata, before)
    await prepareSigning(deps, fields, by)
    return deps.db.transaction(async (trx) => {
      const at = deps.clock.now()
      if (!(await createClientStore(trx).update(id, fields, before.version, at))) return undefined
      if (!usesSecret(fields.metadata)) await createSecretStore(trx).removeAll(id)
      if (input.metadata?.jwks) await createKeyStore(trx).seen(id, inlineKeys(fields), at)
      const after = await readIn(trx, id, at)
      await alongside?.(trx, after)
      await recordAndNotify(deps, trx, { type: 'client.updated', by, id, detail: { changed: changedMembers(input) } })
      await keepAnAdministrator(deps, trx, before, after)
      return after
    })
  })
}

/** Makes the keys for all that the server signs for a client with these fields. */
export async function prepareSigning(
  deps: ClientChangeDeps,
  { metadata }: ClientFields,
  by: AuditContext,
): Promise<void> {
  for (const alg of new Set(SIGNED_RESPONSE_ALGS.map((member) => metadata[member]))) {
    if (typeof alg === 'string') await deps.prepareSigningAlg?.(alg, by)
  }
}

function changedMembers({ metadata, ...members }: Partial<ClientInput>): string[] {
  return [...Object.keys(members), ...Object.keys(metadata ?? {})]
}

export async function setClientStatus(
  deps: ClientChangeDeps,
  change: Change,
  status: Client['status'],
): Promise<Client> {
  const { id, by } = change
  return changeVersioned(versioned(deps, change), async (before) => {
    if (before.status === status) return before
    return deps.db.transaction(async (trx) => {
      const at = deps.clock.now()
      if (!(await createClientStore(trx).setStatus(id, status, before.version, at))) return undefined
      await recordAndNotify(deps, trx, { type: status === 'enabled' ? 'client.enabled' : 'client.disabled', by, id })
      const after = await readIn(trx, id, at)
      await keepAnAdministrator(deps, trx, before, after)
      return after
    })
  })
}

export async function removeClient(deps: ClientChangeDeps, change: Change, alongside?: Alongside): Promise<void> {
  const { id, by } = change
  await changeVersioned(versioned(deps, change), (before) =>
    deps.db.transaction(async (trx) => {
      const store = createClientStore(trx)
      if (!(await store.lock(before))) return undefined
      await alongside?.(trx, before)
      await store.remove(before, deps.clock.now())
      await keepAnAdministrator(deps, trx, before, undefined)
      await deps.onRemove?.(trx, id)
      const name = before.metadata.client_name as string | undefined
      await recordAndNotify(deps, trx, { type: 'client.deleted', by, id, detail: { profile: before.profile, name } })
      return true
    }),
  )
}

/** Adds a secret. Earlier secrets stay valid until they are revoked. */
export async function addClientSecret(deps: ClientChangeDeps, id: string, by: AuditContext) {
  const client = await readClient(deps, id)
  if (!usesSecret(client.metadata)) {
    const given = client.metadata.token_endpoint_auth_method
    const expected = 'client_secret_basic or client_secret_post: this client authenticates without a secret'
    throw new ClientMetadataError([{ field: 'token_endpoint_auth_method', given, expected }])
  }
  return deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    const store = createSecretStore(trx)
    // locks the row, so that concurrent additions cannot exceed the limit together
    if (!(await createClientStore(trx).touch(id, at))) throw new ClientNotFound(id)
    await store.removeExpired(id, at)
    if ((await store.list(id, at)).length >= MAX_SECRETS) throw new TooManySecrets(id, MAX_SECRETS)
    const added = await insertSecret(trx, id, at)
    await recordAndNotify(deps, trx, { type: 'client.secret_added', by, id, detail: { secret_id: added.secret.id } })
    return added
  })
}

export async function revokeClientSecret(
  deps: ClientChangeDeps,
  id: string,
  secretId: string,
  by: AuditContext,
): Promise<void> {
  if (!isReadableId(id)) throw new ClientNotFound(id)
  if (!isReadableId(secretId)) throw new ClientSecretNotFound(id, secretId)
  await deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    if (!(await createClientStore(trx).touch(id, at))) throw new ClientNotFound(id)
    const before = await readIn(trx, id, at)
    if (!(await createSecretStore(trx).remove(id, secretId))) throw new ClientSecretNotFound(id, secretId)
    await keepAnAdministrator(deps, trx, before, await readIn(trx, id, at))
    await recordAndNotify(deps, trx, { type: 'client.secret_revoked', by, id, detail: { secret_id: secretId } })
  })
}

export async function insertSecret(
  trx: Queryable,
  clientId: string,
  at: Date,
): Promise<{ secret: ClientSecret; value: string }> {
  const value = randomId('sec-')
  const secret = { id: randomName('csi-'), createdAt: at, expiresAt: null }
  await createSecretStore(trx).insert(clientId, secret, value)
  return { secret, value }
}

export async function readIn(db: Queryable, id: string, at: Date): Promise<Client> {
  const client = await createClientStore(db).read(id, at)
  if (!client) throw new ClientNotFound(id)
  return client
}

async function readClient(deps: ClientChangeDeps, id: string): Promise<Client> {
  if (!isReadableId(id)) throw new ClientNotFound(id)
  return readIn(deps.db, id, deps.clock.now())
}

/** Returns the client as the target of `changeVersioned`. */
export function versioned(
  deps: ClientChangeDeps,
  { id, expectedVersion }: Pick<Change, 'id' | 'expectedVersion'>,
): VersionedTarget<Client> {
  return { kind: 'client', expectedVersion, read: () => readClient(deps, id) }
}

type ClientChange = AuditFields<EventsOf<'client'>> & { readonly by: AuditContext; readonly id: string }

export async function recordAndNotify(
  deps: ClientChangeDeps,
  trx: Queryable,
  { by, id, ...fields }: ClientChange,
): Promise<void> {
  const subject = { kind: 'client', id }
  await deps.audit.recordIn(trx, { ...by, ...fields, outcome: 'success', subject, clientId: id })
  await notify(trx, CLIENTS_CHANNEL, id)
}
