/** Adding and revoking a key of a client, each one transaction with its audit event and notification. */
import type { AuditContext } from '#audit/audit.ts'
import { changeVersioned } from '#database/versioned.ts'
import type { Fault } from '#shared/app-error.ts'
import { type ClientChangeDeps, isReadableId, readIn, recordAndNotify, versioned } from './client-changes.ts'
import { checkJwks, inlineKeys } from './client-keys.ts'
import { createClientStore } from './client-store.ts'
import type { Client, PublicJwk } from './client.ts'
import {
  ClientKeyNotFound,
  ClientKeysElsewhere,
  ClientKeyTaken,
  ClientMetadataError,
  ClientNotFound,
} from './errors.ts'
import { createKeyStore } from './key-store.ts'
import { keyThumbprint } from './key-thumbprint.ts'
import { validateClient } from './validation.ts'

/** The keys that a client has now, wherever they stand. */
export function presentKeys(client: Client): readonly PublicJwk[] {
  return client.metadata.jwks_uri === undefined ? inlineKeys(client) : (client.publishedKeys?.keys ?? [])
}

/** Adds a key beside those there are; its thumbprint. */
export async function addClientKey(
  deps: ClientChangeDeps,
  id: string,
  given: unknown,
  by: AuditContext,
): Promise<string> {
  return changeVersioned(versioned(deps, { id, expectedVersion: undefined }), async (before) => {
    const key = checkAddable(before, given)
    const thumbprint = keyThumbprint(key)
    const kept = inlineKeys(before).filter((present) => !before.revokedKeys.has(keyThumbprint(present)))
    const fields = await validateClient(deps, { metadata: { jwks: { keys: [...kept, key] } } }, before)
    return deps.db.transaction(async (trx) => {
      const at = deps.clock.now()
      if (!(await createClientStore(trx).update(id, fields, before.version, at))) return undefined
      await createKeyStore(trx).seen(id, [key], at)
      await recordAndNotify(deps, trx, { type: 'client.key_added', by, id, detail: { thumbprint, kid: key.kid } })
      return thumbprint
    })
  })
}

function checkAddable(before: Client, given: unknown): PublicJwk {
  const { jwks_uri: uri } = before.metadata
  if (uri !== undefined) throw new ClientKeysElsewhere(before.id, uri as string)
  const faults: Fault[] = []
  const [key] = checkJwks({ keys: [given] }, faults)?.jwks.keys ?? []
  if (!key) {
    const inKey = (field: string) => field.replace(/^jwks\.keys\[0\]\.?/, '') || 'key'
    throw new ClientMetadataError(faults.map((fault) => ({ ...fault, field: inKey(fault.field) })))
  }
  const thumbprint = keyThumbprint(key)
  const isRevoked = before.revokedKeys.has(thumbprint)
  if (isRevoked || inlineKeys(before).some((present) => keyThumbprint(present) === thumbprint)) {
    throw new ClientKeyTaken(before.id, isRevoked)
  }
  return key
}

/**
 * Refuses a key for good, by its `kid` or thumbprint, whatever its documents show. The last key in its metadata stays
 * there and is refused all the same: a client with keys always has a set of them.
 */
export async function revokeClientKey(
  deps: ClientChangeDeps,
  id: string,
  name: string,
  by: AuditContext,
): Promise<void> {
  if (!isReadableId(id)) throw new ClientNotFound(id)
  if (!NAME.test(name)) throw new ClientKeyNotFound(id, name)
  await deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    const clients = createClientStore(trx)
    if (!(await clients.touch(id, at))) throw new ClientNotFound(id)
    const client = await readIn(trx, id, at)
    const keys = createKeyStore(trx)
    await keys.seen(id, presentKeys(client), at)
    const revoked = await keys.revoke(id, name, at)
    if (revoked.length === 0) throw new ClientKeyNotFound(id, name)
    const gone = new Set(revoked.map(({ thumbprint }) => thumbprint))
    const present = inlineKeys(client)
    const left = present.filter((key) => !gone.has(keyThumbprint(key)))
    if (left.length > 0 && left.length < present.length) await clients.setKeys(id, left)
    await recordAndNotify(deps, trx, { type: 'client.key_revoked', by, id, detail: { keys: revoked } })
  })
}

/** A `kid` as registration takes it; a thumbprint is one too. */
const NAME = /^[\x20-\x7E]{1,256}$/
