/** Reads and checks the variables of an environment. Collects every fault instead of stopping at the first. */
import { readFileSync } from 'node:fs'
import { editDistance } from '#shared/nearest-name.ts'
import type { ConfigFault } from './config-error.ts'
import type { Environment } from './env.ts'
import { ParseFault } from './parsers.ts'
import { VARIABLES, knownNames } from './variables.ts'
import type { Values, VariableName } from './variables.ts'
import type { Variable } from './variable.ts'

/** Returns the values of the variables that are set and valid, and a fault for each that is invalid or unknown. */
export function readValues(env: Environment): { values: Values; faults: ConfigFault[] } {
  const faults: ConfigFault[] = []
  const values: Partial<Record<VariableName, unknown>> = {}
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const value = readValue(name, env, faults)
    if (value !== undefined) values[name] = value
  }
  faults.push(...unknownNames(env))
  return { values: values as Values, faults }
}

function readValue(name: VariableName, env: Environment, faults: ConfigFault[]): unknown {
  const variable: Variable = VARIABLES[name]
  const given = readText(name, variable, env, faults)
  if (given === undefined) return undefined
  try {
    return variable.parse(given.text)
  } catch (error) {
    if (!(error instanceof ParseFault)) throw error
    const shown = variable.secret ? '' : `, and ${JSON.stringify(given.text.slice(0, 120))} is not`
    faults.push({ variable: given.from, problem: `must be ${error.message}${shown}`, example: exampleLine(name) })
    return undefined
  }
}

/**
 * Returns the text of a variable and the name it came from; undefined when it is unset or has a fault. An empty
 * variable counts as unset, because compose files pass unset variables as empty. One trailing line break of a file is
 * dropped.
 */
function readText(
  name: VariableName,
  variable: Variable,
  env: Environment,
  faults: ConfigFault[],
): { text: string; from: string } | undefined {
  const direct = env[name] || undefined
  const from = `${name}_FILE`
  const path = variable.secret ? env[from] || undefined : undefined
  if (path === undefined) return direct === undefined ? undefined : { text: direct, from: name }
  if (direct !== undefined) {
    const problem = `is set beside ${name}, and only one of the two can be meant`
    faults.push({ variable: from, problem, example: `unset ${name}` })
    return undefined
  }
  try {
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (text !== '') return { text, from }
    faults.push({ variable: from, problem: `names ${path}, which is empty`, example: `${from}=/run/secrets/value` })
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown'
    const problem = `names ${path}, which cannot be read (${reason})`
    faults.push({ variable: from, problem, example: `${from}=/run/secrets/value` })
  }
  return undefined
}

/** Returns a line of `.env` that sets the variable to its example. */
export function exampleLine(name: VariableName): string {
  return `${name}=${VARIABLES[name].example}`
}

/** The names of variables that Kubernetes sets in every pod for a service named `signet` or `signet-…`. */
const SERVICE_LINK = /^SIGNET_(?:.*_)?(?:SERVICE_(?:HOST|PORT)(?:_.+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_.+)?)?)$/

function unknownNames(env: Environment): ConfigFault[] {
  const known = knownNames()
  return Object.keys(env)
    .filter((name) => name.startsWith('SIGNET_') && env[name] !== '' && !known.includes(name))
    .filter((name) => !(SERVICE_LINK.test(name) && isServiceValue(name, env[name] ?? '')))
    .map((name) => {
      const nearest = nearestVariable(name, known)
      const problem = `is not a variable of Signet; the nearest one is ${nearest}`
      return { variable: name, problem, example: exampleOf(nearest) }
    })
}

function isServiceValue(name: string, value: string): boolean {
  return /_SERVICE_|_PORT_\d/.test(name) || /^(?:tcp|udp|sctp):\/\//.test(value)
}

function exampleOf(name: string): string {
  return name in VARIABLES ? exampleLine(name as VariableName) : `${name}=/run/secrets/value`
}

/** Returns the most similar name, even one that differs a lot. */
function nearestVariable(name: string, known: readonly string[]): string {
  const distances = known.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
  return distances.reduce((best, next) => (next.distance < best.distance ? next : best)).candidate
}
