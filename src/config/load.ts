/** From an environment to a checked configuration: defaults, rules that span variables, and what production refuses. */
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { ConfigError } from './config-error.ts'
import type { ConfigFault } from './config-error.ts'
import type { Config } from './config.ts'
import { crossFaults, productionFaults } from './cross-checks.ts'
import type { Environment } from './env.ts'
import { makeMasterKeyFile, masterKeyPath, readMasterKeyFile } from './key-files.ts'
import { isLoopback } from './loopback.ts'
import { readRestoreEpochFile, restoreEpochPath } from './restore-epoch-file.ts'
import type { Secrets } from './secrets.ts'
import { readValues } from './values.ts'
import type { Values } from './variables.ts'

export interface LoadOptions {
  /** `make`: the master key file is made when it is missing, outside production. `none`: no key is read at all. */
  readonly masterKeys?: 'make' | 'none'
  /** Whether logs go to a person at a terminal. */
  readonly terminal?: boolean
}

export interface Loaded {
  readonly config: Config
  readonly secrets: Secrets
  /** The master key file, when this call made it. */
  readonly madeMasterKey: string | undefined
  /** What was allowed although a production server refuses it, and what is off without a setting; a sentence each. */
  readonly warnings: readonly string[]
}

/**
 * Checks the whole environment and returns what it means. Throws ConfigError with every fault at once, KeyFileError
 * when a key file cannot be read or others can read it.
 */
export function loadConfig(env: Environment, options: LoadOptions = {}): Loaded {
  const { values, faults } = readValues(env)
  const built = build(values, env, options)
  const config: Config = { ...built, restoreEpoch: restoreEpochOf(values, built.keysDir) }
  faults.push(...crossFaults(config, values, env), ...productionFaults(config, values, env))
  const keys = options.masterKeys === 'none' ? undefined : findMasterKeys(config, values, env, faults)
  if (faults.length > 0) throw new ConfigError(faults)
  const made = keys === 'make' && makeMasterKeyFile(config.keysDir, 'first-start')
  const masterKeys = keys === 'make' ? (readMasterKeyFile(config.keysDir)?.keys ?? []) : (keys ?? [])
  return {
    config: deepFreeze(config),
    secrets: Object.freeze(secretsOf(values, masterKeys)),
    madeMasterKey: made ? masterKeyPath(config.keysDir) : undefined,
    warnings: config.production ? productionWarnings(values) : [],
  }
}

/** What a command that only speaks HTTP to a server needs: nothing of databases or master keys is looked at. */
export function loadClientConfig(env: Environment): Pick<Config, 'issuer' | 'keysDir'> {
  const { values, faults } = readValues(env)
  const own = faults.filter(({ variable }) => ['SIGNET_ISSUER', 'PORT', 'SIGNET_KEYS_DIR'].includes(variable))
  if (own.length > 0) throw new ConfigError(own)
  const { issuer, keysDir } = build(values, env, {})
  return { issuer, keysDir }
}

function build(values: Values, env: Environment, options: LoadOptions): Omit<Config, 'restoreEpoch'> {
  const port = values.PORT ?? 3000
  const { SIGNET_TLS_CERT_FILE: certFile, SIGNET_TLS_KEY_FILE: keyFile, SIGNET_MTLS_PORT: mtlsPort } = values
  const issuer = values.SIGNET_ISSUER ?? `${certFile && keyFile ? 'https' : 'http'}://localhost:${port}`
  const production = values.NODE_ENV === 'production' || !isLoopback(new URL(issuer).hostname)
  const terminal = options.terminal ?? process.stdout.isTTY
  return {
    production,
    issuer,
    server: {
      host: values.HOST ?? (production ? '::' : '127.0.0.1'),
      port,
      workers: values.SIGNET_WORKERS === 0 ? availableParallelism() : (values.SIGNET_WORKERS ?? 1),
      trustedProxies: values.SIGNET_TRUSTED_PROXIES ?? [],
      tls: certFile && keyFile ? { certFile: resolve(certFile), keyFile: resolve(keyFile) } : undefined,
      mtls: mtlsPort ? { port: mtlsPort, clientCaFile: absolute(values.SIGNET_MTLS_CLIENT_CA_FILE) } : undefined,
      mtlsUrl: values.SIGNET_MTLS_URL?.replace(/\/$/, ''),
      proxyVerifiesClientCert: values.SIGNET_PROXY_VERIFIES_CLIENT_CERT ?? false,
    },
    management: {
      host: values.SIGNET_MANAGEMENT_HOST ?? '127.0.0.1',
      port: values.SIGNET_MANAGEMENT_PORT ?? 3001,
    },
    database: {
      embedded: !given(env, 'DATABASE_URL'),
      dataDir: resolve(values.SIGNET_DATA_DIR ?? '.signet'),
      migrate: values.SIGNET_MIGRATE ?? 'auto',
    },
    keysDir: resolve(values.SIGNET_KEYS_DIR ?? 'keys'),
    fetchAllow: values.SIGNET_FETCH_ALLOW ?? (production ? [] : ['localhost', '127.0.0.0/8', '::1/128']),
    log: { level: values.LOG_LEVEL ?? 'info', format: values.LOG_FORMAT ?? (terminal ? 'pretty' : 'json') },
    mail: { from: values.SIGNET_MAIL_FROM },
    firstAdmin: values.SIGNET_ADMIN_EMAIL === undefined ? undefined : { email: values.SIGNET_ADMIN_EMAIL },
    tracing: tracingOf(values),
  }
}

function restoreEpochOf({ SIGNET_RESTORE_EPOCH: number }: Values, keysDir: string): Config['restoreEpoch'] {
  if (number !== undefined) return { number, keptIn: 'SIGNET_RESTORE_EPOCH', byVariable: true }
  return { number: readRestoreEpochFile(keysDir), keptIn: restoreEpochPath(keysDir), byVariable: false }
}

function tracingOf(values: Values): Config['tracing'] {
  const endpoint = values.OTEL_EXPORTER_OTLP_ENDPOINT
  return endpoint === undefined ? undefined : { endpoint }
}

function secretsOf(values: Values, masterKeys: readonly Uint8Array[]): Secrets {
  return {
    databaseUrl: values.DATABASE_URL,
    databaseDirectUrl: values.DATABASE_DIRECT_URL ?? values.DATABASE_URL,
    masterKeys,
    firstAdminPassword: values.SIGNET_ADMIN_PASSWORD,
    smtpUrl: values.SMTP_URL,
    tracingHeaders: values.OTEL_EXPORTER_OTLP_HEADERS,
  }
}

/** The keys given or found, `make` where a first start may make them; undefined with a fault told. */
function findMasterKeys(
  config: Config,
  values: Values,
  env: Environment,
  faults: ConfigFault[],
): readonly Uint8Array[] | 'make' | undefined {
  if (given(env, 'SIGNET_MASTER_KEYS')) return values.SIGNET_MASTER_KEYS
  const variable = 'SIGNET_MASTER_KEYS'
  const path = masterKeyPath(config.keysDir)
  const file = readMasterKeyFile(config.keysDir)
  if (file === undefined) {
    if (!config.production || values.SIGNET_ALLOW_GENERATED_KEYS) return 'make'
    const problem = `there is no master key: ${path} does not exist, and a production server makes none by itself`
    faults.push({ variable, problem, example: 'run "signet init" once, and keep a copy of what it makes' })
    return undefined
  }
  if (config.production && file.madeBy !== 'init' && !values.SIGNET_ALLOW_GENERATED_KEYS) {
    const problem = `the master key in ${path} was not made by "signet init", which a production server asks for`
    const example = 'move the file away and run "signet init", or SIGNET_ALLOW_GENERATED_KEYS=true'
    faults.push({ variable, problem, example })
    return undefined
  }
  return file.keys
}

const ALLOWANCES = [
  'SIGNET_ALLOW_INSECURE_ISSUER',
  'SIGNET_ALLOW_GENERATED_KEYS',
  'SIGNET_ALLOW_EMBEDDED_DATABASE',
] as const

function productionWarnings(values: Values): string[] {
  const allowed = ALLOWANCES.filter((name) => values[name]).map(warning)
  return values.SMTP_URL === undefined ? [...allowed, NO_MAIL] : allowed
}

const NO_MAIL =
  'SMTP_URL is not set: no mail leaves, so that registration, password reset and notices of changes are off'

function warning(name: (typeof ALLOWANCES)[number]): string {
  return `${name} is set, which a production server should not need`
}

function given(env: Environment, name: string): boolean {
  return Boolean(env[name]) || Boolean(env[`${name}_FILE`])
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path)
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) deepFreeze(member)
  return Object.freeze(value)
}
