/** Rules that span variables, and what a production server refuses unless it is said explicitly. */
import { accessSync, constants } from 'node:fs'
import type { ConfigFault } from './config-error.ts'
import type { Config } from './config.ts'
import type { Environment } from './env.ts'
import { exampleLine } from './values.ts'
import type { Values, VariableName } from './variables.ts'

function fault(variable: VariableName, problem: string, example = exampleLine(variable)): ConfigFault {
  return { variable, problem, example }
}

/** Faults between variables, and named files that cannot be read. */
export function crossFaults(config: Config, values: Values, env: Environment): ConfigFault[] {
  return [
    ...portFaults(config),
    ...togetherFaults(env),
    ...tlsFaults(config, values),
    ...fileFaults(values),
    ...certificateFaults(values),
  ]
}

function portFaults({ server, management }: Config): ConfigFault[] {
  const faults: ConfigFault[] = []
  if (management.port === server.port) {
    faults.push(fault('SIGNET_MANAGEMENT_PORT', `is ${server.port}, as PORT is`, example(server.port)))
  }
  const taken = [server.port, management.port]
  if (server.mtls && taken.includes(server.mtls.port)) {
    faults.push(fault('SIGNET_MTLS_PORT', `is ${server.mtls.port}, which another listener has`))
  }
  return faults
}

function example(port: number): string {
  return `SIGNET_MANAGEMENT_PORT=${port < 65_535 ? port + 1 : port - 1}`
}

/** The first needs the second. */
const TOGETHER: readonly (readonly [VariableName, VariableName])[] = [
  ['SIGNET_TLS_CERT_FILE', 'SIGNET_TLS_KEY_FILE'],
  ['SIGNET_TLS_KEY_FILE', 'SIGNET_TLS_CERT_FILE'],
  ['SIGNET_ADMIN_EMAIL', 'SIGNET_ADMIN_PASSWORD'],
  ['SIGNET_ADMIN_PASSWORD', 'SIGNET_ADMIN_EMAIL'],
  ['SIGNET_MTLS_CLIENT_CA_FILE', 'SIGNET_MTLS_PORT'],
  ['SIGNET_MTLS_PORT', 'SIGNET_TLS_CERT_FILE'],
  ['SIGNET_MTLS_PORT', 'SIGNET_MTLS_URL'],
  ['DATABASE_DIRECT_URL', 'DATABASE_URL'],
  ['SIGNET_PROXY_VERIFIES_CLIENT_CERT', 'SIGNET_TRUSTED_PROXIES'],
  ['SMTP_URL', 'SIGNET_MAIL_FROM'],
]

function togetherFaults(env: Environment): ConfigFault[] {
  const isGiven = (name: string): boolean => Boolean(env[name]) || Boolean(env[`${name}_FILE`])
  return TOGETHER.filter(([name, needed]) => isGiven(name) && env[name] !== 'false' && !isGiven(needed)).map(
    ([name, needed]) => fault(needed, `is missing, and ${name} needs it`),
  )
}

function tlsFaults({ server, issuer }: Config, values: Values): ConfigFault[] {
  if (!server.tls || values.SIGNET_ISSUER === undefined || issuer.startsWith('https:')) return []
  return [fault('SIGNET_ISSUER', 'must start with https:// when the server has a certificate')]
}

const FILES = ['SIGNET_TLS_CERT_FILE', 'SIGNET_TLS_KEY_FILE', 'SIGNET_MTLS_CLIENT_CA_FILE'] as const

function fileFaults(values: Values): ConfigFault[] {
  const faults = FILES.map((name) => unreadable(name, values[name], `names ${values[name]}`))
  return faults.filter((found) => found !== undefined)
}

/** `sslrootcert` of a connection URL names a file too. */
function certificateFaults(values: Values): ConfigFault[] {
  const names = ['DATABASE_URL', 'DATABASE_DIRECT_URL'] as const
  const faults = names.map((name) => {
    const path = values[name] === undefined ? undefined : new URL(values[name]).searchParams.get('sslrootcert')
    return unreadable(name, path ?? undefined, `has the sslrootcert ${path}`)
  })
  return faults.filter((found) => found !== undefined)
}

function unreadable(name: VariableName, path: string | undefined, naming: string): ConfigFault | undefined {
  if (path === undefined || path === 'system') return undefined
  try {
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return fault(name, `${naming}, which cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** A production server stands on https, on a database that others care for, and on keys made on purpose. */
export function productionFaults(config: Config, values: Values, env: Environment): ConfigFault[] {
  if (!config.production) return []
  const faults: ConfigFault[] = []
  // An issuer that could not be read has its fault already.
  const issuerKnown = values.SIGNET_ISSUER !== undefined || !env['SIGNET_ISSUER']
  if (issuerKnown && config.issuer.startsWith('http:') && !values.SIGNET_ALLOW_INSECURE_ISSUER) {
    const given = `is ${config.issuer}, and a production server needs an https issuer`
    faults.push(fault('SIGNET_ISSUER', given, `${exampleLine('SIGNET_ISSUER')}, or SIGNET_ALLOW_INSECURE_ISSUER=true`))
  }
  if (config.database.embedded && !values.SIGNET_ALLOW_EMBEDDED_DATABASE) {
    const problem = 'is not set, and a production server does not run on the embedded database'
    faults.push(
      fault('DATABASE_URL', problem, `${exampleLine('DATABASE_URL')}, or SIGNET_ALLOW_EMBEDDED_DATABASE=true`),
    )
  }
  return faults
}
