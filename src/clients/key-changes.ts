/** Adds and revokes keys of a client. Each change is one transaction with its audit event and notification. */
import type { AuditContext } from '#audit/audit.ts'
import { changeVersioned } from '#database/versioned.ts'
import type { Fault } from '#shared/app-error.ts'
import { keepAnAdministrator } from './administration.ts'
import { type ClientChangeDeps, isReadableId, readIn, recordAndNotify, versioned } from './client-changes.ts'
import { checkJwks, inlineKeys, presentKeys } from './client-keys.ts'
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

/** Adds a key to those in the client's metadata, and returns its thumbprint. */
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
 * Revokes a key permanently, by its `kid` or thumbprint, even if the client still publishes it. The last key stays in
 * the metadata but is refused, because a client with keys must always have at least one.
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
    await keepAnAdministrator(deps, trx, client, await readIn(trx, id, at))
    await recordAndNotify(deps, trx, { type: 'client.key_revoked', by, id, detail: { keys: revoked } })
  })
}

/** The form of a `kid` at registration. Thumbprints have this form too. */
const NAME = /^[\x20-\x7E]{1,256}$/
