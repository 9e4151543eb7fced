/** The resources service. Reads go through a cache that follows changes on all nodes. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { AuditFields, EventsOf } from '#audit/events.ts'
import type { Database, Notifications, Queryable } from '#database/database.ts'
import { createNotifiedCache } from '#database/notified-cache.ts'
import { notify } from '#database/notify.ts'
import { changeVersioned } from '#database/versioned.ts'
import type { Clock } from '#shared/clock.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'
import { ResourceExists, ResourceIsClient, ResourceNotFound } from './errors.ts'
import { canonicalIdentifier } from './identifier.ts'
import { createResourceStore } from './resource-store.ts'
import type { Resource, ResourceInput, Resources } from './resource.ts'
import { validateResource } from './validation.ts'

/** The notification channel; the payload is the canonical identifier. */
const RESOURCES_CHANNEL = 'signet_resources'
const MAX_AGE_MS = 5000
const MAX_CACHED = 1000
/** How many resources with open scopes are published. */
const MAX_OPEN = 200
const ALL = 'all'
const READABLE = /^[\x21-\x7E]{1,512}$/

export interface ResourcesDeps {
  readonly db: Database
  readonly notifications: Notifications
  readonly audit: Audit
  readonly clock: Clock
  /** Identifiers of built-in resources, which cannot be registered. */
  readonly reserved?: readonly string[]
  /** Returns whether there is a client with this id. */
  readonly isClientId?: (id: string) => Promise<boolean>
  /** Called in the transaction that deletes a resource, to delete the allowances for it. */
  readonly onRemove?: (trx: Queryable, identifier: string) => Promise<void>
}

/** Caches canonical spellings, because every token request names a resource and there are few spellings. */
function createCanonicalMemo(): (identifier: string) => string {
  const known = new Map<string, string>()
  return (identifier) => {
    let canonical = known.get(identifier)
    if (canonical === undefined) {
      canonical = canonicalIdentifier(identifier)
      if (known.size >= MAX_CACHED) known.clear()
      known.set(identifier, canonical)
    }
    return canonical
  }
}

export function createResources(deps: ResourcesDeps): Resources {
  const store = createResourceStore(deps.db)
  const reserved = new Set((deps.reserved ?? []).map(canonicalIdentifier))
  const canonical = createCanonicalMemo()
  const cache = createNotifiedCache<Resource>({
    channel: RESOURCES_CHANNEL,
    notifications: deps.notifications,
    load: (canonical) => store.readCanonical(canonical),
    maxAgeMs: MAX_AGE_MS,
    maxEntries: MAX_CACHED,
    clock: deps.clock,
  })

  const open = createOverview(deps, () => store.open(MAX_OPEN))
  const detailsTypes = createOverview(deps, () => store.allDetailsTypes())
  const forget = (canonical: string) => {
    cache.drop(canonical)
    open.forget()
    detailsTypes.forget()
  }

  return {
    allDetailsTypes: detailsTypes.get,
    async create(input, by) {
      const created = await create(deps, reserved, input, by)
      forget(canonicalIdentifier(created.identifier))
      return created
    },
    read: async (identifier) => (READABLE.test(identifier) ? store.read(identifier) : undefined),
    find: async (identifier) => (READABLE.test(identifier) ? cache.get(canonical(identifier)) : undefined),
    list: ({ limit, cursor }) => store.list(limit, cursor),
    open: open.get,
    async update(identifier, input, expectedVersion, by) {
      const updated = await update(deps, { identifier, input, expectedVersion, by })
      forget(canonicalIdentifier(identifier))
      return updated
    },
    async remove(identifier, expectedVersion, by) {
      await remove(deps, { identifier, expectedVersion, by })
      forget(canonicalIdentifier(identifier))
    },
  }
}

/** Caches what follows from all resources until one of them changes. Throws what `load` throws. */
function createOverview(
  { notifications, clock }: ResourcesDeps,
  load: () => Promise<readonly string[]>,
): { get(): Promise<readonly string[]>; forget(): void } {
  const cache = createNotifiedCache<readonly string[]>({
    channel: RESOURCES_CHANNEL,
    notifications,
    load,
    maxAgeMs: MAX_AGE_MS,
    maxEntries: 1,
    clock,
  })
  const forget = () => cache.drop(ALL)
  notifications.listen(RESOURCES_CHANNEL, forget)
  return { get: async () => (await cache.get(ALL)) ?? [], forget }
}

async function create(deps: ResourcesDeps, reserved: Set<string>, input: ResourceInput, by: AuditContext) {
  const fields = validateResource(input)
  const canonical = canonicalIdentifier(fields.identifier)
  if (reserved.has(canonical)) throw new ResourceExists(fields.identifier)
  // an access token for the resource would have the audience of the client's ID tokens
  if (await deps.isClientId?.(fields.identifier)) throw new ResourceIsClient(fields.identifier)
  return deps.db.transaction(async (trx) => {
    const resource = await createResourceStore(trx).insert(fields, canonical, deps.clock.now())
    if (!resource) throw new ResourceExists(fields.identifier)
    await recordAndNotify(deps, trx, { type: 'resource.created', by, identifier: resource.identifier })
    return resource
  })
}

interface Change {
  identifier: string
  input: Partial<ResourceInput>
  expectedVersion: ExpectedVersion
  by: AuditContext
}

async function update(deps: ResourcesDeps, change: Change): Promise<Resource> {
  const { identifier, input, by } = change
  return changeVersioned(versioned(deps, change), (before) => {
    const fields = validateResource(input, before)
    return deps.db.transaction(async (trx) => {
      const resource = await createResourceStore(trx).update(fields, before.version, deps.clock.now())
      if (resource) {
        const detail = { changed: Object.keys(input), version: resource.version }
        await recordAndNotify(deps, trx, { type: 'resource.updated', by, identifier, detail })
      }
      return resource
    })
  })
}

async function remove(deps: ResourcesDeps, change: Omit<Change, 'input'>): Promise<void> {
  const { identifier, by } = change
  await changeVersioned(versioned(deps, change), ({ name, version }) =>
    deps.db.transaction(async (trx) => {
      if (!(await createResourceStore(trx).remove(identifier, version))) return undefined
      await deps.onRemove?.(trx, identifier)
      await recordAndNotify(deps, trx, { type: 'resource.deleted', by, identifier, detail: { name } })
      return true
    }),
  )
}

function versioned({ db }: ResourcesDeps, { identifier, expectedVersion }: Omit<Change, 'input' | 'by'>) {
  const read = async () => {
    const resource = READABLE.test(identifier) ? await createResourceStore(db).read(identifier) : undefined
    if (!resource) throw new ResourceNotFound(identifier)
    return resource
  }
  return { kind: 'resource', expectedVersion, read }
}

type ResourceChange = AuditFields<EventsOf<'resource'>> & { readonly by: AuditContext; readonly identifier: string }

async function recordAndNotify(
  deps: ResourcesDeps,
  trx: Queryable,
  { by, identifier, ...fields }: ResourceChange,
): Promise<void> {
  const subject = { kind: 'resource', id: identifier }
  await deps.audit.recordIn(trx, { ...by, ...fields, outcome: 'success', subject })
  await notify(trx, RESOURCES_CHANNEL, canonicalIdentifier(identifier))
}
