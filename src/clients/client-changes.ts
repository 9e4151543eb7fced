/** The changes of clients, each one transaction with its audit event and notification. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { AuditEventType } from '#audit/events.ts'
import type { Database, Queryable } from '#database/database.ts'
import { notify } from '#database/notify.ts'
import type { Clock } from '#shared/clock.ts'
import { randomId, randomName } from '#shared/ids.ts'
import { VersionMismatch } from '#shared/version-mismatch.ts'
import { inlineKeys } from './client-keys.ts'
import { createClientStore } from './client-store.ts'
import type { Client, ClientInput, ClientSecret } from './client.ts'
import { ClientExists, ClientMetadataError, ClientNotFound, ClientSecretNotFound, TooManySecrets } from './errors.ts'
import { createKeyStore } from './key-store.ts'
import { usesSecret } from './profiles.ts'
import { createSecretStore } from './secret-store.ts'
import { validateClient, type ValidationDeps } from './validation.ts'

/** Notified with the id of a changed client. */
export const CLIENTS_CHANNEL = 'signet_clients'
const MAX_SECRETS = 5
export const MAX_TRIES = 20
const READABLE = /^[\x21-\x7E]{1,128}$/

export interface ClientChangeDeps extends ValidationDeps {
  readonly db: Database
  readonly audit: Audit
  readonly clock: Clock
  /** Runs in the transaction that deletes a client: what was allowed to it ends with it. */
  readonly onRemove?: (trx: Queryable, id: string) => Promise<void>
}

export interface Change {
  readonly id: string
  readonly expectedVersion: number | undefined
  readonly by: AuditContext
}

/** Whether an id could be that of a client: anything else is not even looked up. */
export function isReadableId(id: string): boolean {
  return READABLE.test(id)
}

export async function createClient(deps: ClientChangeDeps, input: ClientInput, by: AuditContext) {
  const fields = await validateClient(deps, input, undefined)
  const id = input.id ?? randomName('cli-')
  return deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    if (!(await createClientStore(trx).insert(id, fields, at))) throw new ClientExists(id)
    await createKeyStore(trx).seen(id, inlineKeys(fields), at)
    const secret = usesSecret(fields.metadata) ? (await insertSecret(trx, id, at)).value : undefined
    const method = fields.metadata.token_endpoint_auth_method
    await tell(deps, trx, { type: 'client.created', by, id, detail: { profile: fields.profile, method } })
    const client = await readIn(trx, id, at)
    return secret === undefined ? { client } : { client, secret }
  })
}

/** Checks against the version read and writes on that version alone, so that no concurrent change is lost. */
export async function updateClient(
  deps: ClientChangeDeps,
  change: Change,
  input: Partial<ClientInput>,
): Promise<Client> {
  const { id, expectedVersion, by } = change
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await readVersion(deps, change)
    const fields = await validateClient(deps, input, before)
    const updated = await deps.db.transaction(async (trx) => {
      const at = deps.clock.now()
      if (!(await createClientStore(trx).update(id, fields, before.version, at))) return undefined
      if (!usesSecret(fields.metadata)) await createSecretStore(trx).removeAll(id)
      if (input.metadata?.jwks) await createKeyStore(trx).seen(id, inlineKeys(fields), at)
      await tell(deps, trx, { type: 'client.updated', by, id, detail: { changed: changedMembers(input) } })
      return readIn(trx, id, at)
    })
    if (updated) return updated
  }
  throw new VersionMismatch('client', expectedVersion, undefined)
}

function changedMembers({ metadata, ...members }: Partial<ClientInput>): string[] {
  return [...Object.keys(members), ...Object.keys(metadata ?? {})]
}

export async function setClientStatus(
  deps: ClientChangeDeps,
  change: Change,
  status: Client['status'],
): Promise<Client> {
  const { id, expectedVersion, by } = change
  const before = await readVersion(deps, change)
  if (before.status === status) return before
  return deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    const store = createClientStore(trx)
    if (!(await store.touch(id, expectedVersion, at))) throw gone(change)
    await store.setStatus(id, status)
    await tell(deps, trx, { type: status === 'enabled' ? 'client.enabled' : 'client.disabled', by, id })
    return readIn(trx, id, at)
  })
}

export async function removeClient(deps: ClientChangeDeps, change: Change): Promise<void> {
  const before = await readVersion(deps, change)
  await deps.db.transaction(async (trx) => {
    if (!(await createClientStore(trx).remove(change.id, change.expectedVersion))) throw gone(change)
    await deps.onRemove?.(trx, change.id)
    const detail = { profile: before.profile, name: before.metadata.client_name }
    await tell(deps, trx, { type: 'client.deleted', by: change.by, id: change.id, detail })
  })
}

/** A further secret; those before stay valid until they are revoked. */
export async function addClientSecret(deps: ClientChangeDeps, id: string, by: AuditContext) {
  const client = await readVersion(deps, { id, expectedVersion: undefined })
  if (!usesSecret(client.metadata)) {
    const given = client.metadata.token_endpoint_auth_method
    const expected = 'client_secret_basic or client_secret_post: this client authenticates without a secret'
    throw new ClientMetadataError([{ field: 'token_endpoint_auth_method', given, expected }])
  }
  return deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    const store = createSecretStore(trx)
    // holds the row, so that two concurrent additions count each other
    if (!(await createClientStore(trx).touch(id, undefined, at))) throw new ClientNotFound(id)
    await store.removeExpired(id, at)
    if ((await store.list(id, at)).length >= MAX_SECRETS) throw new TooManySecrets(id, MAX_SECRETS)
    const added = await insertSecret(trx, id, at)
    await tell(deps, trx, { type: 'client.secret_added', by, id, detail: { secret_id: added.secret.id } })
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
    if (!(await createClientStore(trx).touch(id, undefined, deps.clock.now()))) throw new ClientNotFound(id)
    if (!(await createSecretStore(trx).remove(id, secretId))) throw new ClientSecretNotFound(id, secretId)
    await tell(deps, trx, { type: 'client.secret_revoked', by, id, detail: { secret_id: secretId } })
  })
}

async function insertSecret(
  trx: Queryable,
  clientId: string,
  at: Date,
): Promise<{ secret: ClientSecret; value: string }> {
  const value = randomId('sec-')
  const secret = { id: randomName('csi-'), createdAt: at, expiresAt: null }
  await createSecretStore(trx).insert(clientId, secret, value)
  return { secret, value }
}

export async function readIn(trx: Queryable, id: string, at: Date): Promise<Client> {
  const client = await createClientStore(trx).read(id, at)
  if (!client) throw new ClientNotFound(id)
  return client
}

export async function readVersion(
  deps: ClientChangeDeps,
  { id, expectedVersion }: Omit<Change, 'by'>,
): Promise<Client> {
  const before = isReadableId(id) ? await createClientStore(deps.db).read(id, deps.clock.now()) : undefined
  if (!before) throw new ClientNotFound(id)
  if (expectedVersion !== undefined && expectedVersion !== before.version) {
    throw new VersionMismatch('client', expectedVersion, before.version)
  }
  return before
}

function gone({ id, expectedVersion }: Change): ClientNotFound | VersionMismatch {
  if (expectedVersion === undefined) return new ClientNotFound(id)
  return new VersionMismatch('client', expectedVersion, undefined)
}

interface Told {
  type: AuditEventType
  by: AuditContext
  id: string
  detail?: Record<string, unknown>
}

export async function tell(deps: ClientChangeDeps, trx: Queryable, { type, by, id, detail }: Told): Promise<void> {
  const subject = { kind: 'client', id }
  await deps.audit.recordIn(trx, { ...by, type, outcome: 'success', subject, clientId: id, ...(detail && { detail }) })
  await notify(trx, CLIENTS_CHANNEL, id)
}
