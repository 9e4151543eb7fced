/** Checks that apply only in production: faults unless an exception is set, and warnings for the exceptions. */
import type { ConfigFault } from './config-error.ts'
import type { Config } from './config.ts'
import { fault } from './cross-checks.ts'
import type { Environment } from './env.ts'
import type { Secrets } from './secrets.ts'
import { exampleLine } from './values.ts'
import type { Values } from './variables.ts'

/** Returns a fault for an http issuer and one for the embedded database, unless the exception is set. */
export function productionFaults(config: Config, values: Values, env: Environment): ConfigFault[] {
  if (!config.production) return []
  const faults: ConfigFault[] = []
  // An issuer that could not be parsed already has a fault.
  const issuerKnown = values.SIGNET_ISSUER !== undefined || !env['SIGNET_ISSUER']
  if (issuerKnown && config.issuer.startsWith('http:') && !config.allowInsecureIssuer) {
    const given = `is ${config.issuer}, and a production server needs an https issuer`
    faults.push(fault('SIGNET_ISSUER', given, `${exampleLine('SIGNET_ISSUER')}, or SIGNET_ALLOW_INSECURE_ISSUER=true`))
  }
  if (config.isDatabaseEmbedded && !config.allowEmbeddedDatabase) {
    const problem = 'is not set, and a production server does not run on the embedded database'
    faults.push(
      fault('DATABASE_URL', problem, `${exampleLine('DATABASE_URL')}, or SIGNET_ALLOW_EMBEDDED_DATABASE=true`),
    )
  }
  return faults
}

/** Returns a sentence for each exception that is set, and one when no mail can be sent. */
export function productionWarnings(config: Config, { smtpUrl }: Pick<Secrets, 'smtpUrl'>): string[] {
  const exceptions = {
    SIGNET_ALLOW_INSECURE_ISSUER: config.allowInsecureIssuer,
    SIGNET_ALLOW_GENERATED_KEYS: config.allowGeneratedKeys,
    SIGNET_ALLOW_EMBEDDED_DATABASE: config.allowEmbeddedDatabase,
  }
  const warnings = Object.entries(exceptions)
    .filter(([, isSet]) => isSet)
    .map(([name]) => `${name} is set, which a production server should not need`)
  return smtpUrl === undefined ? [...warnings, NO_MAIL] : warnings
}

const NO_MAIL =
  'SMTP_URL is not set: no mail leaves, so that registration, password reset and notices of changes are off'
