/** Checks that involve several variables, or the files that variables name. */
import { accessSync, constants } from 'node:fs'
import type { ConfigFault } from './config-error.ts'
import type { Config } from './config.ts'
import type { Environment } from './env.ts'
import { exampleLine } from './values.ts'
import type { Values, VariableName } from './variables.ts'

export function fault(variable: VariableName, problem: string, example = exampleLine(variable)): ConfigFault {
  return { variable, problem, example }
}

/** Returns the faults between variables, and a fault for each named file that cannot be read. */
export function crossFaults(config: Config, values: Values, env: Environment): ConfigFault[] {
  return [
    ...portFaults(config),
    ...togetherFaults(env),
    ...tlsFaults(config, values),
    ...fileFaults(env),
    ...certificateFaults(values),
  ]
}

function portFaults({ port, managementPort, mtlsPort }: Config): ConfigFault[] {
  const faults: ConfigFault[] = []
  if (managementPort === port) {
    faults.push(fault('SIGNET_MANAGEMENT_PORT', `is ${port}, as PORT is`, example(port)))
  }
  if (mtlsPort !== undefined && [port, managementPort].includes(mtlsPort)) {
    faults.push(fault('SIGNET_MTLS_PORT', `is ${mtlsPort}, which another listener has`))
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

function tlsFaults({ tls, issuer }: Config, values: Values): ConfigFault[] {
  if (!tls || values.SIGNET_ISSUER === undefined || issuer.startsWith('https:')) return []
  return [fault('SIGNET_ISSUER', 'must start with https:// when the server has a certificate')]
}

const FILES = ['SIGNET_TLS_CERT_FILE', 'SIGNET_TLS_KEY_FILE', 'SIGNET_MTLS_CLIENT_CA_FILE'] as const

function fileFaults(env: Environment): ConfigFault[] {
  const faults = FILES.map((name) => unreadable(name, env[name] || undefined, `names ${env[name]}`))
  return faults.filter((found) => found !== undefined)
}

/** Checks the file that `sslrootcert` of a connection URL names. */
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
