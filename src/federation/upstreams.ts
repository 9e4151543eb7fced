/** The service that stores upstream providers. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { AuditFields, EventsOf } from '#audit/events.ts'
import type { Database, Notifications, Queryable } from '#database/database.ts'
import { createNotifiedCache } from '#database/notified-cache.ts'
import { notify } from '#database/notify.ts'
import { changeVersioned } from '#database/versioned.ts'
import type { Clock } from '#shared/clock.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'
import { createCredentials } from './credentials.ts'
import { UpstreamExists, UpstreamNotFound } from './errors.ts'
import { createUpstreamStore, type StoredCredential } from './upstream-store.ts'
import type { UpstreamRules } from './member-rules.ts'
import { MEMBERS, type UpstreamFields, validateUpstream } from './validation.ts'
import type { Upstream, UpstreamInput, Upstreams } from './upstream.ts'

const CHANNEL = 'signet_upstreams'
const MAX_AGE_MS = 5000
/** The one cache key: providers are few and a sign-in page lists them all, so they are cached together. */
const ALL = ''

export interface UpstreamsDeps {
  readonly db: Database
  readonly notifications: Notifications
  readonly audit: Audit
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly clock: Clock
  /** Our own issuer identifier. */
  readonly issuer: string
  readonly allowHttp: UpstreamRules['allowHttp']
}

export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const store = createUpstreamStore(deps.db)
  const rules: UpstreamRules = { allowHttp: deps.allowHttp, self: deps.issuer }
  const cache = createNotifiedCache<readonly Upstream[]>({
    channel: CHANNEL,
    notifications: deps.notifications,
    load: async () => (await store.list()).filter(({ enabled }) => enabled),
    maxAgeMs: MAX_AGE_MS,
    maxEntries: 1,
    clock: deps.clock,
  })
  const changed = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work
    cache.drop(ALL)
    return result
  }

  return {
    check: (input, before) => void validateUpstream(input, before, rules),
    create: (input, by) => changed(create(deps, rules, input, by)),
    read: (id) => store.read(id),
    list: () => store.list(),
    offered: async () => (await cache.get(ALL)) ?? [],
    update: (id, input, expectedVersion, by) => changed(update(deps, rules, { id, input, expectedVersion, by })),
    remove: (id, expectedVersion, by) => changed(remove(deps, { id, expectedVersion, by })),
    async credential(id) {
      const sealed = await store.credential(id)
      return sealed && createCredentials(deps.keyring).open(id, sealed)
    },
  }
}

async function create(
  deps: UpstreamsDeps,
  rules: UpstreamRules,
  input: UpstreamInput,
  by: AuditContext,
): Promise<Upstream> {
  const fields = validateUpstream(input, undefined, rules)
  const credential = (await newCredential(deps, input, fields, undefined)) as StoredCredential
  return deps.db.transaction(async (trx) => {
    const at = deps.clock.now()
    if (!(await createUpstreamStore(trx).insert(fields, credential, at))) throw new UpstreamExists('id', fields.id)
    const detail = fields.preset === undefined ? {} : { preset: fields.preset }
    return written(deps, trx, fields, { type: 'upstream.created', by, detail })
  })
}

interface Change {
  readonly id: string
  readonly input: Partial<UpstreamInput>
  readonly expectedVersion: ExpectedVersion
  readonly by: AuditContext
}

async function update(deps: UpstreamsDeps, rules: UpstreamRules, change: Change): Promise<Upstream> {
  const { input, by } = change
  return changeVersioned(versioned(deps, change), async (before) => {
    const fields = validateUpstream(input, before, rules)
    const credential = await newCredential(deps, input, fields, before)
    return deps.db.transaction(async (trx) => {
      const at = deps.clock.now()
      if (!(await createUpstreamStore(trx).update(fields, before.version, credential, at))) return undefined
      const names = Object.keys(input) as (keyof UpstreamInput)[]
      const detail = { changed: names.map((name) => MEMBERS[name]) }
      return written(deps, trx, fields, { type: 'upstream.updated', by, detail })
    })
  })
}

/** Returns the given secret or key, or a new key if there was none; undefined when the old credential stays. */
async function newCredential(
  { keyring }: UpstreamsDeps,
  { clientSecret, privateKey }: Partial<UpstreamInput>,
  { id, authMethod }: UpstreamFields,
  before: Upstream | undefined,
): Promise<StoredCredential | undefined> {
  const credentials = createCredentials(keyring)
  if (clientSecret !== undefined) return credentials.ofSecret(id, clientSecret)
  if (privateKey !== undefined) return credentials.ofPrivateKey(id, privateKey)
  return authMethod === 'private_key_jwt' && before?.publicJwk === undefined ? credentials.newKey(id) : undefined
}

async function written(
  deps: UpstreamsDeps,
  trx: Queryable,
  { id, domains }: UpstreamFields,
  change: RecordedChange,
): Promise<Upstream> {
  const store = createUpstreamStore(trx)
  const taken = await store.setDomains(id, domains)
  if (taken !== undefined) throw new UpstreamExists('domains', taken)
  await recordAndNotify(deps, trx, { ...change, id })
  const upstream = await store.read(id)
  if (!upstream) throw new UpstreamNotFound(id)
  return upstream
}

async function remove(deps: UpstreamsDeps, change: Omit<Change, 'input'>): Promise<void> {
  const { id, by } = change
  await changeVersioned(versioned(deps, change), ({ name, version }) =>
    deps.db.transaction(async (trx) => {
      if (!(await createUpstreamStore(trx).remove(id, version))) return undefined
      await recordAndNotify(deps, trx, { type: 'upstream.deleted', by, id, detail: { name } })
      return true
    }),
  )
}

function versioned({ db }: UpstreamsDeps, { id, expectedVersion }: Omit<Change, 'input' | 'by'>) {
  const read = async () => {
    const upstream = await createUpstreamStore(db).read(id)
    if (!upstream) throw new UpstreamNotFound(id)
    return upstream
  }
  return { kind: 'upstream provider', expectedVersion, read }
}

type RecordedChange = AuditFields<EventsOf<'upstream'>> & { readonly by: AuditContext }

async function recordAndNotify(
  { audit }: UpstreamsDeps,
  trx: Queryable,
  { by, id, ...fields }: RecordedChange & { readonly id: string },
): Promise<void> {
  await audit.recordIn(trx, { ...by, ...fields, outcome: 'success', subject: { kind: 'upstream', id } })
  await notify(trx, CHANNEL, ALL)
}
