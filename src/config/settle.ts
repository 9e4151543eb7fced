/** Applies the defaults: turns the values that were given into the value of every setting. */
import type { Settings } from './config.ts'
import { isLoopback } from './loopback.ts'
import { type SecretName, type Values, type VariableName, VARIABLES } from './variables.ts'
import type { Facts, Variable } from './variable.ts'

const NAMES = Object.keys(VARIABLES) as VariableName[]

export interface Settled {
  readonly plain: Settings<Exclude<VariableName, SecretName>>
  readonly secret: Settings<SecretName>
  readonly production: boolean
}

/** Returns the value of every setting, given or default. `terminal`: whether the log goes to a terminal. */
export function settle(values: Values, terminal: boolean): Settled {
  const facts = factsOf(values, terminal)
  const members = (names: VariableName[]) =>
    Object.fromEntries(names.map((name) => [VARIABLES[name].member, values[name] ?? defaultOf(name, facts)]))
  return {
    plain: members(NAMES.filter((name) => !isSecret(name))) as Settled['plain'],
    secret: members(NAMES.filter(isSecret)) as Settled['secret'],
    production: facts.production,
  }
}

function factsOf(values: Values, terminal: boolean): Facts {
  const facts: Facts = {
    scheme: values.SIGNET_TLS_CERT_FILE && values.SIGNET_TLS_KEY_FILE ? 'https' : 'http',
    port: values.PORT ?? Number(VARIABLES.PORT.default),
    get production() {
      const issuer = values.SIGNET_ISSUER ?? VARIABLES.SIGNET_ISSUER.default.of(facts)
      return values.NODE_ENV === 'production' || !isLoopback(new URL(issuer).hostname)
    },
    terminal,
    databaseUrl: values.DATABASE_URL,
  }
  return facts
}

function defaultOf(name: VariableName, facts: Facts): unknown {
  const { default: standard, parse }: Variable = VARIABLES[name]
  const text = typeof standard === 'string' ? standard : standard.of?.(facts)
  return text === undefined ? undefined : parse(text)
}

function isSecret(name: VariableName): boolean {
  const { secret }: Variable = VARIABLES[name]
  return secret === true
}
