/** The service that keeps what an administrator may change while the server runs, the same on every node. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Notifications } from '#database/database.ts'
import { createNotifiedValue } from '#database/notified-value.ts'
import { notify } from '#database/notify.ts'
import { changeVersioned } from '#database/versioned.ts'
import type { Fault } from '#shared/app-error.ts'
import type { Clock } from '#shared/clock.ts'
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
/** How old the values in memory may be when notifications are lost. */
const MAX_AGE_MS = 4000

export interface SettingsDeps {
  readonly db: Database
  readonly notifications: Notifications
  readonly audit: Audit
  readonly clock: Clock
  readonly onError?: (error: unknown) => void
}

/** The values, and which of them were set rather than left at their default. */
export interface SettingsState {
  readonly values: SettingsValues
  readonly given: SettingsChange
  readonly version: number
  readonly updatedAt: Date
}

export interface Settings {
  /** The values this process works by; at most five seconds old. Defaults until they were read. */
  current(): SettingsValues
  read(): Promise<SettingsState>
  /**
   * Sets what is given and fits `SETTINGS_GROUPS`, `null` for the default again; a change made at the same time by
   * somebody else is not lost. Throws SettingsInvalid (400) where settings contradict each other, and VersionMismatch
   * (412). Audits settings.updated.
   */
  change(change: SettingsChange, expectedVersion: number | undefined, by: AuditContext): Promise<SettingsState>
}

export interface ManagedSettings extends Settings {
  /** Reads the values again now. */
  reload(): Promise<void>
  /** Stops following changes. */
  close(): void
}

export function createSettings(deps: SettingsDeps): ManagedSettings {
  const held = createNotifiedValue<SettingsState>({
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
    current: () => held.current()?.values ?? DEFAULT_SETTINGS,
    read: async () => stateOf(await createSettingsStore(deps.db).read()),
    reload: held.reload,
    close: held.close,
    async change(change, expectedVersion, by) {
      const state = await makeChange(deps, { change, expectedVersion, by })
      await held.reload()
      return state
    },
  }
}

interface Change {
  change: SettingsChange
  expectedVersion: number | undefined
  by: AuditContext
}

async function makeChange(deps: SettingsDeps, { change, expectedVersion, by }: Change): Promise<SettingsState> {
  const { read } = createSettingsStore(deps.db)
  const stored = await changeVersioned({ kind: 'settings document', expectedVersion, read }, (before) => {
    const given = merged(before.given, change)
    const faults = contradictions(valuesOf(given))
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
      await notify(trx, CHANNEL, '')
      return stored
    })
  })
  return stateOf(stored)
}

/** What is set after the change: a member that is null is set no more. */
function merged(before: SettingsChange, change: SettingsChange): SettingsChange {
  const groups = new Set([...Object.keys(before), ...Object.keys(change)])
  const after = [...groups].map((group) => {
    const members = Object.entries({ ...before[group], ...change[group] }).filter(([, value]) => value !== null)
    return [group, Object.fromEntries(members)] as const
  })
  return Object.fromEntries(after.filter(([, members]) => Object.keys(members).length > 0))
}

/** An idle time beyond the absolute one would never come to bear. */
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

/** A value that this release does not take (another one stored it) counts as not set. */
function valuesOf(given: SettingsChange): SettingsValues {
  const taken = Object.entries(SETTINGS_GROUPS).map(([group, { shape }]) => {
    const members = Object.entries(shape).filter(([name, schema]) => schema.safeParse(given[group]?.[name]).success)
    return [group, Object.fromEntries(members.map(([name]) => [name, given[group]?.[name]]))]
  })
  return settingsSchema.parse(Object.fromEntries(taken))
}
