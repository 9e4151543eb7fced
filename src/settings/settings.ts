/** The runtime settings service: settings that an administrator changes, the same on every node. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Notifications, Queryable } from '#database/database.ts'
import { createNotifiedValue } from '#database/notified-value.ts'
import { notify } from '#database/notify.ts'
import { changeVersioned } from '#database/versioned.ts'
import type { Fault } from '#shared/app-error.ts'
import type { Clock } from '#shared/clock.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'
import { SettingsInvalid } from './errors.ts'
import {
  DEFAULT_SETTINGS,
  SETTINGS_GROUPS,
  type SettingsChange,
  settingsSchema,
  type SettingsValues,
} from './settings-schema.ts'
import { createSettingsStore, type StoredSettings } from './settings-store.ts'

const CHANNEL = 'signet_settings'
/** The maximum age of the values in memory when notifications are lost. */
const MAX_AGE_MS = 4000

export interface SettingsDeps {
  readonly db: Database
  readonly notifications: Notifications
  readonly audit: Audit
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
  /** Called in the transaction of a change. An error rolls it back. */
  readonly onChange?: readonly SettingsSubscriber[]
}

export type SettingsSubscriber = (
  trx: Queryable,
  change: { readonly before: SettingsValues; readonly after: SettingsValues },
) => Promise<void>

/** The values, and `given`: those that were set, without defaults. */
export interface SettingsState {
  readonly values: SettingsValues
  readonly given: SettingsChange
  readonly version: number
  readonly updatedAt: Date
}

export interface Settings {
  /** Returns the values in memory, at most five seconds old; defaults until the first read. */
  current(): SettingsValues
  read(): Promise<SettingsState>
  /**
   * Sets the given values, which must fit `SETTINGS_GROUPS`; `null` restores a default. Concurrent changes are merged.
   * Audits settings.updated. Throws SettingsInvalid (400) when settings contradict each other, and VersionMismatch
   * (412).
   */
  change(change: SettingsChange, expectedVersion: ExpectedVersion, by: AuditContext): Promise<SettingsState>
}

export interface ManagedSettings extends Settings {
  /** Reloads the values now. */
  reload(): Promise<void>
  /** Stops the timer and the listeners. */
  close(): void
}

export function createSettings(deps: SettingsDeps): ManagedSettings {
  const inMemory = createNotifiedValue<SettingsState>({
    channel: CHANNEL,
    notifications: deps.notifications,
    maxAgeMs: MAX_AGE_MS,
    onError: deps.onError,
    async load(before) {
      const stored = await createSettingsStore(deps.db).read()
      return before?.version === stored.version ? before : stateOf(stored)
    },
  })
  return {
    current: () => inMemory.current()?.values ?? DEFAULT_SETTINGS,
    read: async () => stateOf(await createSettingsStore(deps.db).read()),
    reload: inMemory.reload,
    close: inMemory.close,
    async change(change, expectedVersion, by) {
      const state = await makeChange(deps, { change, expectedVersion, by })
      await inMemory.reload()
      return state
    },
  }
}

interface Change {
  change: SettingsChange
  expectedVersion: ExpectedVersion
  by: AuditContext
}

async function makeChange(deps: SettingsDeps, { change, expectedVersion, by }: Change): Promise<SettingsState> {
  const { read } = createSettingsStore(deps.db)
  const stored = await changeVersioned({ kind: 'settings document', expectedVersion, read }, (before) => {
    const given = merge(before.given, change)
    const after = valuesOf(given)
    const faults = contradictions(after)
    if (faults.length > 0) throw new SettingsInvalid(faults)
    return deps.db.transaction(async (trx) => {
      const stored = await createSettingsStore(trx).update(given, before.version, deps.clock.now())
      if (!stored) return undefined
      const changed = Object.entries(change).flatMap(([group, members]) =>
        Object.keys(members).map((name) => `${group}.${name}`),
      )
      const detail = { changed, version: stored.version }
      const subject = { kind: 'settings', id: 'settings' }
      await deps.audit.recordIn(trx, { ...by, type: 'settings.updated', outcome: 'success', subject, detail })
      for (const subscriber of deps.onChange ?? []) await subscriber(trx, { before: valuesOf(before.given), after })
      await notify(trx, CHANNEL, '')
      return stored
    })
  })
  return stateOf(stored)
}

/** Returns the values that are set after the change; null removes one. */
function merge(before: SettingsChange, change: SettingsChange): SettingsChange {
  const groups = new Set([...Object.keys(before), ...Object.keys(change)])
  const after = [...groups].map((group) => {
    const members = Object.entries({ ...before[group], ...change[group] }).filter(([, value]) => value !== null)
    return [group, Object.fromEntries(members)] as const
  })
  return Object.fromEntries(after.filter(([, members]) => Object.keys(members).length > 0))
}

/** Finds contradictions: an idle time longer than the absolute time would have no effect. */
function contradictions({ lifetimes }: SettingsValues): Fault[] {
  const pairs = [
    ['refresh_token_idle_seconds', 'refresh_token_absolute_seconds'],
    ['session_idle_seconds', 'session_absolute_seconds'],
  ] as const
  return pairs
    .filter(([idle, absolute]) => lifetimes[idle] > lifetimes[absolute])
    .map(([idle, absolute]) => ({
      field: `lifetimes.${idle}`,
      given: lifetimes[idle],
      expected: `at most lifetimes.${absolute}, which is ${lifetimes[absolute]}`,
    }))
}

function stateOf(stored: StoredSettings): SettingsState {
  return { ...stored, values: valuesOf(stored.given) }
}

/** Returns the values with defaults. A stored value that is invalid in this release counts as not set. */
function valuesOf(given: SettingsChange): SettingsValues {
  const taken = Object.entries(SETTINGS_GROUPS).map(([group, { shape }]) => {
    const members = Object.entries(shape).filter(([name, schema]) => schema.safeParse(given[group]?.[name]).success)
    return [group, Object.fromEntries(members.map(([name]) => [name, given[group]?.[name]]))]
  })
  return settingsSchema.parse(Object.fromEntries(taken))
}
