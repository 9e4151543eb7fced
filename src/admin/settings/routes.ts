/** Routes `/settings`: the settings that can change while the server runs. */
import type { SettingsChange } from '#settings/settings-schema.ts'
import type { Settings, SettingsState } from '#settings/settings.ts'
import { type Reply, route, type Route } from '../route.ts'
import { settingsChange, settingsDocument, toSettingsDocument } from './schema.ts'

const tag = 'Settings'
const path = '/settings'

export interface SettingsRoutesDeps {
  readonly settings: Settings
}

const reply = (state: SettingsState): Reply => ({ body: toSettingsDocument(state), version: state.version })

export function settingsRoutes({ settings }: SettingsRoutesDeps): Route[] {
  return [
    route({
      method: 'GET',
      path,
      operationId: 'readSettings',
      tag,
      summary: 'Read the settings',
      scope: 'settings:read',
      answer: { status: 200, description: 'All settings.', schema: settingsDocument, versioned: true },
      handle: async () => reply(await settings.read()),
    }),
    route({
      method: 'PATCH',
      path,
      operationId: 'changeSettings',
      tag,
      summary: 'Change settings; every node follows within a second',
      scope: 'settings:write',
      body: settingsChange,
      conditional: true,
      answer: { status: 200, description: 'All settings after the change.', schema: settingsDocument, versioned: true },
      handle: async ({ body, expectedVersion, by }) =>
        reply(await settings.change(groupsOf(body), expectedVersion, by)),
    }),
  ]
}

function groupsOf({ overridden: _, updated_at: __, ...groups }: Readonly<Record<string, unknown>>): SettingsChange {
  return groups as SettingsChange
}
