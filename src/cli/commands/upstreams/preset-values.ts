/** The options for what presets need, from their registry: `base_url` is `--base-url`. */
import { type Command, Option } from 'commander'
import { PRESETS } from '#federation/presets/registry.ts'

const PRESETS_OF_VALUES = new Map<string, string[]>()
for (const [preset, { values }] of Object.entries(PRESETS)) {
  for (const name of Object.keys(values)) {
    PRESETS_OF_VALUES.set(name, [...(PRESETS_OF_VALUES.get(name) ?? []), preset])
  }
}

export function flagOf(name: string): string {
  return `--${name.replaceAll('_', '-')}`
}

export function withPresetValues(command: Command): Command {
  for (const [name, presets] of PRESETS_OF_VALUES) {
    command.option(`${flagOf(name)} <value>`, `for the preset ${presets.join(', ')}: see the reference`)
  }
  return command
}

/** Returns the values that the options give, by their names in the API; undefined when there are none. */
export function presetValuesOf(options: object): Record<string, string> | undefined {
  const given = options as Readonly<Record<string, unknown>>
  const entries = [...PRESETS_OF_VALUES.keys()].flatMap((name) => {
    const value = given[new Option(flagOf(name)).attributeName()]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
