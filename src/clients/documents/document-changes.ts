/** Writes what a fetched document says into its client, in one transaction with the audit event. */
import { SYSTEM } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import { notify } from '#database/notify.ts'
import { type ClientChangeDeps, CLIENTS_CHANNEL, prepareSigning, recordAndNotify } from '../client-changes.ts'
import { inlineKeys } from '../client-keys.ts'
import { type ClientFields, createClientStore } from '../client-store.ts'
import type { Client } from '../client.ts'
import { ClientDocumentRefused, ClientMetadataError } from '../errors.ts'
import { createKeyStore } from '../key-store.ts'
import { keyThumbprint } from '../key-thumbprint.ts'
import { validateClient } from '../validation.ts'
import { isAdded } from './added-members.ts'
import type { DocumentInput } from './document-metadata.ts'
import { type Claim, createDocumentStore } from './document-store.ts'
import type { FetchedDocument } from './fetch-document.ts'

/**
 * Stores the result of a fetch. Does nothing when another node has claimed the document meanwhile. Throws
 * ClientDocumentRefused when the rows of `members` refuse what it says, or when an administrator deleted its client.
 */
export async function recordDocument(deps: ClientChangeDeps, claim: Claim, fetched: FetchedDocument): Promise<void> {
  const { id } = claim
  await deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    const clients = createClientStore(trx)
    let before = await clients.read(id, at)
    while (before && !(await clients.lock(before))) before = await clients.read(id, at)
    if (!before && (await clients.wasDeleted(id))) {
      throw ClientDocumentRefused.notAccepted(`an administrator deleted the client ${id} and can unblock it`)
    }
    const fields = fetched.input && (await fieldsOf(deps, id, fetched.input, before))
    const asksAnew = before !== undefined && fields !== undefined && isAnother(before, fields)
    if (!(await createDocumentStore(trx).fetched(claim, { ...fetched, asksAnew }))) return
    if (fields) await write(deps, trx, { id, before, fields, asksAnew, at })
    await notify(trx, CLIENTS_CHANNEL, id)
  })
}

interface Change {
  readonly id: string
  readonly before: Client | undefined
  readonly fields: ClientFields
  readonly asksAnew: boolean
  readonly at: Date
}

async function write(
  deps: ClientChangeDeps,
  trx: Queryable,
  { id, before, fields, asksAnew, at }: Change,
): Promise<void> {
  const clients = createClientStore(trx)
  const changed = before ? changedMembers(before, fields) : []
  if (before && changed.length === 0) return
  if (before) await clients.update(id, fields, before.version, at)
  else await clients.insert(id, { ...fields, origin: 'document' }, at)
  await createKeyStore(trx).seen(id, inlineKeys(fields), at)
  const { profile } = fields
  const method = String(fields.metadata['token_endpoint_auth_method'])
  await recordAndNotify(
    deps,
    trx,
    before
      ? { type: 'client.document_changed', by: SYSTEM, id, detail: { changed, consent_asked_anew: asksAnew } }
      : { type: 'client.created', by: SYSTEM, id, detail: { profile, method, origin: 'document' } },
  )
}

/** Returns the fields of the client: what the document says, and what an administrator added. */
async function fieldsOf(
  deps: ClientChangeDeps,
  id: string,
  { profile, metadata }: DocumentInput,
  before: Client | undefined,
): Promise<ClientFields> {
  const kept = before && before.profile === profile ? Object.entries(before.metadata) : []
  const added = kept.filter(([name]) => isAdded(name))
  const input = { profile, metadata: { ...metadata, ...Object.fromEntries(added) }, origin: 'document' } as const
  try {
    const fields = await validateClient(deps, input, undefined)
    await prepareSigning(deps, fields, SYSTEM)
    return { ...fields, allowances: before?.allowances ?? [], defaultResource: before?.defaultResource }
  } catch (error) {
    if (error instanceof ClientMetadataError) throw ClientDocumentRefused.ofFaults(id, error.faults)
    throw error
  }
}

function changedMembers(before: ClientFields, after: ClientFields): string[] {
  const names = new Set([...Object.keys(before.metadata), ...Object.keys(after.metadata)])
  const changed = [...names].filter((name) => !isSame(before.metadata[name], after.metadata[name]))
  if (before.profile !== after.profile) changed.push('signet_profile')
  if (!isSame(before.openidScopes, after.openidScopes)) changed.push('scope')
  return changed
}

/** Whether the person would decide about another app: its name, where it leads, or how it proves itself. */
function isAnother(before: ClientFields, after: ClientFields): boolean {
  const changed = changedMembers(before, after)
  const keysOf = (fields: ClientFields) => inlineKeys(fields).map(keyThumbprint).toSorted()
  const urisOf = ({ metadata }: ClientFields) => [metadata['redirect_uris']].flat().map(String).toSorted()
  return (
    changed.some((name) => /^client_name(?:#|$)|^jwks_uri$|^token_endpoint_auth_method$/.test(name)) ||
    !isSame(urisOf(before), urisOf(after)) ||
    !isSame(keysOf(before), keysOf(after))
  )
}

/** Compares JSON. PostgreSQL gives the members of objects in an order of its own. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other))
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, member]) => [name, inOrder(member)])
}
