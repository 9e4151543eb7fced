/** Changes to the signing keys; each is one transaction with its audit event and notification. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { AuditFields, EventsOf } from '#audit/events.ts'
import type { Database, Queryable } from '#database/database.ts'
import { notify } from '#database/notify.ts'
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'
import type { Clock } from '#shared/clock.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { KeyConflict, KeyNotFound } from './errors.ts'
import { generateSigningKeyPair, type KeyPair } from './key-pair.ts'
import { createSigningKeyStore, type NewKey, type StoredKey } from './signing-key-store.ts'
import type { KeyStatus, SigningAlg } from './signing-key.ts'

/** The notification channel. The payload is the kid of the changed key, or '' for several. */
export const KEYS_CHANNEL = 'signet_keys'
/** The algorithms that every server has keys of. Others are added when the first client asks for one. */
const ALWAYS = ['ES256', 'RS256'] as const satisfies readonly SigningAlg[]
/** The purpose for sealing private keys; the context is the kid. */
export const SEAL_PURPOSE = 'signing-key'
export const SEALED_PRIVATE_PARTS: SealedColumn = {
  table: 'signing_keys',
  column: 'private_jwk',
  purpose: SEAL_PURPOSE,
  ...boundTo('kid'),
}

export interface KeyChangeDeps {
  readonly db: Database
  readonly audit: Audit
  readonly keyring: Keyring
  readonly clock: Clock
  /** Replaced in tests. Default: generateSigningKeyPair. */
  readonly generateKeyPair?: GenerateKeyPair | undefined
}

export type GenerateKeyPair = (alg: SigningAlg) => Promise<KeyPair>

/** Creates the missing current and next keys of each algorithm, and those of the algorithms that are `added`. */
export async function makeMissingKeys(
  deps: KeyChangeDeps,
  by: AuditContext,
  added: readonly SigningAlg[] = [],
): Promise<void> {
  const present = await createSigningKeyStore(deps.db).list()
  const missing = algsOf(present, added).flatMap((alg) =>
    (['current', 'next'] as const)
      .filter((status) => !present.some((key) => key.alg === alg && key.status === status))
      .map((status) => ({ alg, status })),
  )
  if (missing.length === 0) return
  // outside the transaction, because generating an RSA key is slow
  const keys = await Promise.all(missing.map(({ alg, status }) => generateKey(deps, alg, status)))
  await deps.db.transaction(async (trx) => {
    for (const key of keys) await insertKey(deps, trx, key, by)
    await notify(trx, KEYS_CHANNEL, '')
  })
}

function algsOf(present: readonly StoredKey[], added: readonly SigningAlg[] = []): SigningAlg[] {
  return [...new Set([...ALWAYS, ...present.map(({ alg }) => alg), ...added])]
}

/**
 * Rotates the keys of one algorithm, or of all that are there: current becomes retired, next becomes current, and a new next is created.
 * Returns the kids of the changed keys. Throws KeyConflict when there is no current key, or another change came first.
 */
export async function rotateKeys(
  deps: KeyChangeDeps,
  alg: SigningAlg | undefined,
  by: AuditContext,
): Promise<string[]> {
  const keys = await createSigningKeyStore(deps.db).list()
  const currents = (alg === undefined ? algsOf(keys) : [alg]).map((each) => {
    const current = keys.find((key) => key.alg === each && key.status === 'current')
    if (!current) throw new KeyConflict(`There is no current ${each} key to rotate; ${WAY_TO_A_KEY[each]}.`)
    return current
  })
  return replaceCurrent(deps, currents, by)
}

/**
 * Retires a current key and puts the next one in its place; tokens that it signed stay valid. Throws KeyNotFound, or
 * KeyConflict when the key is not current.
 */
export async function retireKey(deps: KeyChangeDeps, kid: string, by: AuditContext): Promise<void> {
  const key = await readKey(deps, kid)
  if (key.status === 'retired') throw new KeyConflict(`The signing key ${kid} is retired already.`)
  if (key.status === 'archived') throw new KeyConflict(`The signing key ${kid} is archived; it left service before.`)
  if (key.status === 'next') {
    throw new KeyConflict(`The signing key ${kid} has not signed yet; revoke it to replace it by another.`)
  }
  await replaceCurrent(deps, [key], by)
}

/**
 * Deletes the key at once: everything that it signed is rejected. Throws KeyNotFound, or KeyConflict when another
 * change came first.
 */
export async function revokeKey(deps: KeyChangeDeps, kid: string, by: AuditContext): Promise<void> {
  const key = await readKey(deps, kid)
  const isInUse = key.status === 'current' || key.status === 'next'
  const spare = isInUse ? await generateKey(deps, key.alg, 'next') : undefined
  await deps.db.transaction(async (trx) => {
    const store = createSigningKeyStore(trx)
    const status = await store.remove(kid)
    // another node may be archiving the key, so not finding it does not mean that it is gone
    if (status !== key.status) throw changedMeanwhile(kid)
    const promoted = status === 'current' ? await store.promote(key.alg, deps.clock.now()) : undefined
    if (spare) await insertKey(deps, trx, withStatus(spare, status === 'current' && !promoted), by)
    const detail = { alg: key.alg, status, ...(promoted && { promoted }) }
    await record(deps, trx, { type: 'key.revoked', by, kid, detail })
    await notify(trx, KEYS_CHANNEL, kid)
  })
}

const WAY_TO_A_KEY: Readonly<Record<SigningAlg, string>> = {
  ES256: 'start the server once to make one',
  RS256: 'start the server once to make one',
  PS256: 'it is made when the first client is registered with id_token_signed_response_alg=PS256',
}

async function readKey(deps: KeyChangeDeps, kid: string): Promise<StoredKey> {
  const key = /^[A-Za-z0-9_-]{1,100}$/.test(kid) ? await createSigningKeyStore(deps.db).read(kid) : undefined
  if (!key) throw new KeyNotFound(kid)
  return key
}

/** Replaces all of `currents` by their next keys, or none. Throws KeyConflict when another change came first. */
async function replaceCurrent(
  deps: KeyChangeDeps,
  currents: readonly StoredKey[],
  by: AuditContext,
): Promise<string[]> {
  const replacements = await Promise.all(
    currents.map(async (current) => ({ current, spare: await generateKey(deps, current.alg, 'next') })),
  )
  return deps.db.transaction(async (trx) => {
    const changed: string[] = []
    for (const replacement of replacements) changed.push(...(await replaceOne(deps, trx, replacement, by)))
    await notify(trx, KEYS_CHANNEL, '')
    return changed
  })
}

async function replaceOne(
  deps: KeyChangeDeps,
  trx: Queryable,
  { current: { kid, alg }, spare }: { current: StoredKey; spare: NewKey },
  by: AuditContext,
): Promise<string[]> {
  const store = createSigningKeyStore(trx)
  const at = deps.clock.now()
  if (!(await store.retire(kid, at))) throw changedMeanwhile(kid)
  const promoted = await store.promote(alg, at)
  await insertKey(deps, trx, withStatus(spare, !promoted), by)
  const signing = promoted ?? spare.kid
  await record(deps, trx, { type: 'key.retired', by, kid, detail: { alg } })
  await record(deps, trx, { type: 'key.rotated', by, kid: signing, detail: { alg, retired: kid, next: spare.kid } })
  return [kid, signing, spare.kid]
}

function withStatus(key: NewKey, current: boolean): NewKey {
  return { ...key, status: current ? 'current' : 'next' }
}

function changedMeanwhile(kid: string): KeyConflict {
  return new KeyConflict(`The signing key ${kid} was changed meanwhile. List the keys again and repeat the change.`)
}

async function generateKey(
  { keyring, generateKeyPair = generateSigningKeyPair }: KeyChangeDeps,
  alg: SigningAlg,
  status: KeyStatus,
): Promise<NewKey> {
  const { kid, publicJwk, privateJwk } = await generateKeyPair(alg)
  return { kid, alg, status, publicJwk, sealed: keyring.seal(SEAL_PURPOSE, JSON.stringify(privateJwk), kid) }
}

async function insertKey(deps: KeyChangeDeps, trx: Queryable, key: NewKey, by: AuditContext): Promise<void> {
  const inserted = await createSigningKeyStore(trx).insert(key, deps.clock.now())
  if (!inserted) return
  await record(deps, trx, { type: 'key.created', by, kid: key.kid, detail: { alg: key.alg, status: key.status } })
}

type KeyChange = AuditFields<EventsOf<'key'>> & { readonly by: AuditContext; readonly kid: string }

async function record(deps: KeyChangeDeps, trx: Queryable, { by, kid, ...fields }: KeyChange): Promise<void> {
  await deps.audit.recordIn(trx, { ...by, ...fields, outcome: 'success', subject: { kind: 'key', id: kid } })
}
