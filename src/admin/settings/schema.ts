/** The schemas of the settings in the admin API: one member per group, and in it one per setting. */
import { z } from 'zod'
import { SETTINGS_GROUPS } from '#settings/settings-schema.ts'
import type { SettingsState } from '#settings/settings.ts'

const overridden = z.array(z.string()).meta({
  description: 'The settings that were set, as `group.name`; the others have their default.',
  readOnly: true,
})

export const settingsDocument = z
  .strictObject({ ...SETTINGS_GROUPS, overridden, updated_at: z.iso.datetime() })
  .meta({ id: 'Settings' })

const changeable = Object.fromEntries(
  Object.entries(SETTINGS_GROUPS).map(([group, { shape }]) => {
    const members = Object.entries(shape).map(([name, schema]) => [name, schema.unwrap().nullable().optional()])
    return [group, z.strictObject(Object.fromEntries(members)).optional()]
  }),
)

/**
 * The schema of a change. It ignores members that only the server sets, so that a document that was read can be sent
 * back.
 */
export const settingsChange = z
  .strictObject({
    ...changeable,
    overridden: z.unknown().optional().meta({ readOnly: true }),
    updated_at: z.unknown().optional().meta({ readOnly: true }),
  })
  .meta({ id: 'SettingsChange', description: 'The settings given are set; null takes the default again.' })

export function toSettingsDocument({ values, given, updatedAt }: SettingsState): z.infer<typeof settingsDocument> {
  const names = Object.entries(given).flatMap(([group, members]) =>
    Object.keys(members).map((name) => `${group}.${name}`),
  )
  return { ...values, overridden: names.toSorted(), updated_at: updatedAt.toISOString() }
}
