/** Checks which preset an administrator chose, and what they gave for it. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { Upstream, UpstreamInput } from '../upstream.ts'
import type { Preset, PresetValue, PresetValues } from './preset.ts'
import { PRESET_NAMES, presetOf } from './registry.ts'

const FIELD = 'preset_values'

/** Returns a fault for a preset that does not exist, or is not that of the provider so far. */
export function presetFault(
  { preset: given }: Partial<UpstreamInput>,
  before: Upstream | undefined,
): Fault | undefined {
  if (given === undefined) return undefined
  if (before !== undefined) {
    const had = before.preset ?? null
    return given === had ? undefined : fault(given, `${had ?? 'null'}: it never changes; add another upstream provider`)
  }
  return given === null || presetOf(given) ? undefined : fault(given, `one of ${PRESET_NAMES.join(', ')}`)
}

function fault(given: unknown, expected: string): Fault {
  return { field: 'preset', given: shown(given), expected }
}

/** Returns the values for a preset, with defaults, and adds to `faults` what is missing, wrong or unknown. */
export function presetValues(
  preset: Preset | undefined,
  given: unknown,
  before: Upstream | undefined,
  { allowHttp, faults }: { readonly allowHttp: (host: string) => boolean; readonly faults: Fault[] },
): PresetValues {
  const refuse = (name: string, value: unknown, expected: string) =>
    faults.push({ field: `${FIELD}.${name}`, given: shown(value), expected })
  if (given === undefined && before) return before.presetValues
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
    faults.push({ field: FIELD, given: shown(given), expected: 'an object of texts' })
    return {}
  }
  const values = (given ?? {}) as Readonly<Record<string, unknown>>
  const wanted = preset?.values ?? {}
  for (const name of Object.keys(values).filter((each) => !Object.hasOwn(wanted, each))) {
    refuse(name, values[name], unknownName(preset))
  }
  const found: Record<string, string> = {}
  for (const [name, rule] of Object.entries(wanted)) {
    const value = values[name] ?? before?.presetValues[name] ?? rule.fallback
    const expected = valueFault(rule, value, before?.presetValues[name], allowHttp)
    if (expected !== undefined) refuse(name, value, expected)
    else if (typeof value === 'string') found[name] = value
  }
  return found
}

function unknownName(preset: Preset | undefined): string {
  if (!preset) return 'nothing: these values go with a preset'
  const names = Object.keys(preset.values)
  return names.length === 0
    ? `nothing: ${preset.name} needs no values`
    : `no value of this name; there is ${names.join(', ')}`
}

function valueFault(
  rule: PresetValue,
  value: unknown,
  had: string | undefined,
  allowHttp: (host: string) => boolean,
): string | undefined {
  if (had !== undefined && value !== had && !rule.isChangeable) {
    return `${had}: it never changes; add another upstream provider`
  }
  const isRight = typeof value === 'string' && rule.isRight(value, allowHttp)
  return isRight ? undefined : `${rule.expected}, such as ${rule.example}`
}
