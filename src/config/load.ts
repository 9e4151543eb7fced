/** Loads the configuration: reads an environment, applies defaults, and checks the rules between variables. */
import { ConfigError } from './config-error.ts'
import type { ConfigFault } from './config-error.ts'
import type { Config } from './config.ts'
import { crossFaults } from './cross-checks.ts'
import type { Environment } from './env.ts'
import { makeMasterKeyFile, masterKeyPath, readMasterKeyFile } from './key-files.ts'
import { readRestoreEpochFile, restoreEpochPath } from './restore-epoch-file.ts'
import type { Secrets } from './secrets.ts'
import { productionFaults, productionWarnings } from './production.ts'
import { settle } from './settle.ts'
import { readValues } from './values.ts'
import type { Values } from './variables.ts'

export interface LoadOptions {
  /** `make`: creates a missing master key file, outside production. `none`: reads no key at all. */
  readonly masterKeys?: 'make' | 'none'
  /** Whether the log goes to a terminal. */
  readonly terminal?: boolean
}

export interface Loaded {
  readonly config: Config
  readonly secrets: Secrets
  /** The path of the master key file, when this call created it. */
  readonly madeMasterKey: string | undefined
  /** One sentence for each production exception that is set, and for each feature that a missing setting turns off. */
  readonly warnings: readonly string[]
}

/**
 * Checks the whole environment and returns the configuration. Throws ConfigError with every fault, KeyFileError when a
 * key file cannot be read or others can read it.
 */
export function loadConfig(env: Environment, options: LoadOptions = {}): Loaded {
  const { values, faults } = readValues(env)
  const { plain, secret, production } = settle(values, options.terminal ?? process.stdout.isTTY)
  const { tlsCertFile: certFile, tlsKeyFile: keyFile } = plain
  const config: Config = {
    ...plain,
    production,
    tls: certFile && keyFile ? { certFile, keyFile } : undefined,
    mtls: mutualTlsOf(plain),
    isDatabaseEmbedded: !given(env, 'DATABASE_URL'),
    restoreEpoch: restoreEpochOf(plain),
  }
  faults.push(...crossFaults(config, values, env), ...productionFaults(config, values, env))
  const keys = options.masterKeys === 'none' ? undefined : findMasterKeys(config, values, env, faults)
  if (faults.length > 0) throw new ConfigError(faults)
  const made = keys === 'make' && makeMasterKeyFile(config.keysDir, 'first-start')
  const masterKeys = keys === 'make' ? (readMasterKeyFile(config.keysDir)?.keys ?? []) : (keys ?? [])
  return {
    config: deepFreeze(config),
    secrets: Object.freeze({ ...secret, masterKeys }),
    madeMasterKey: made ? masterKeyPath(config.keysDir) : undefined,
    warnings: config.production ? productionWarnings(config, secret) : [],
  }
}

/**
 * Returns the settings of a command that only calls a server over HTTP. Does not check databases or master keys. Throws
 * ConfigError when one of its own settings is wrong.
 */
export function loadClientConfig(env: Environment): Pick<Config, 'issuer' | 'keysDir'> {
  const { values, faults } = readValues(env)
  const own = faults.filter(({ variable }) => ['SIGNET_ISSUER', 'PORT', 'SIGNET_KEYS_DIR'].includes(variable))
  if (own.length > 0) throw new ConfigError(own)
  const { issuer, keysDir } = settle(values, false).plain
  return { issuer, keysDir }
}

function mutualTlsOf({
  mtlsPort: port,
  mtlsUrl: url,
  mtlsClientCaFile: caFile,
  proxyVerifiesClientCert: proxyVerifies,
}: Pick<Config, 'mtlsPort' | 'mtlsUrl' | 'mtlsClientCaFile' | 'proxyVerifiesClientCert'>): Config['mtls'] {
  if (port === undefined && url === undefined && !proxyVerifies) return undefined
  return { port, url, authorities: caFile !== undefined || proxyVerifies, proxyVerifies }
}

function restoreEpochOf({
  givenRestoreEpoch: number,
  keysDir,
}: Pick<Config, 'givenRestoreEpoch' | 'keysDir'>): Config['restoreEpoch'] {
  if (number !== undefined) return { number, keptIn: 'SIGNET_RESTORE_EPOCH', byVariable: true }
  return { number: readRestoreEpochFile(keysDir), keptIn: restoreEpochPath(keysDir), byVariable: false }
}

/**
 * Returns the master keys that were given or found, or `make` when a first start may create them. Returns undefined
 * after adding a fault.
 */
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
    if (!config.production || config.allowGeneratedKeys) return 'make'
    const problem = `there is no master key: ${path} does not exist, and a production server makes none by itself`
    faults.push({ variable, problem, example: 'run "signet init" once, and keep a copy of what it makes' })
    return undefined
  }
  if (config.production && file.madeBy !== 'init' && !config.allowGeneratedKeys) {
    const problem = `the master key in ${path} was not made by "signet init", which a production server asks for`
    const example = 'move the file away and run "signet init", or SIGNET_ALLOW_GENERATED_KEYS=true'
    faults.push({ variable, problem, example })
    return undefined
  }
  return file.keys
}

function given(env: Environment, name: string): boolean {
  return Boolean(env[name]) || Boolean(env[`${name}_FILE`])
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) deepFreeze(member)
  return Object.freeze(value)
}
