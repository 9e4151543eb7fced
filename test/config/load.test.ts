/** Settings: defaults, every fault at once, secrets from files, and what a production server refuses. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '#config/config-error.ts'
import { readEnvironment } from '#config/env.ts'
import { KeyFileError, makeMasterKeyFile, masterKeyPath } from '#config/key-files.ts'
import { loadClientConfig, loadConfig } from '#config/load.ts'
import { VARIABLES } from '#config/variables.ts'
import type { Variable } from '#config/variable.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signet-config-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const KEY = Buffer.alloc(32, 7).toString('base64url')

function load(env: Record<string, string> = {}) {
  return loadConfig({ SIGNET_KEYS_DIR: join(dir, 'keys'), ...env }, { terminal: false })
}

/** The faults of an environment by variable. */
function faultsOf(env: Record<string, string>): Record<string, string> {
  try {
    load(env)
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(error.list.map(({ variable, problem }) => [variable, problem]))
    }
    throw error
  }
  throw new Error('the configuration was taken')
}

const PRODUCTION = {
  SIGNET_ISSUER: 'https://id.example.com',
  DATABASE_URL: 'postgres://db.example.com/signet',
  SIGNET_MASTER_KEYS: KEY,
}

describe('defaults', () => {
  test('an empty environment is a development server on loopback with the embedded database', () => {
    const { config, secrets } = load()
    expect(config).toMatchObject({ production: false, issuer: 'http://localhost:3000', tls: undefined })
    expect(config).toMatchObject({ host: '127.0.0.1', port: 3000, workers: 1, trustedProxies: [] })
    expect(config).toMatchObject({ managementHost: '127.0.0.1', managementPort: 3001 })
    expect(config).toMatchObject({ isDatabaseEmbedded: true, migrate: 'auto', logLevel: 'info', logFormat: 'json' })
    expect(config.fetchAllow).toEqual(['localhost', '127.0.0.0/8', '::1/128'])
    expect(secrets.databaseUrl).toBeUndefined()
    expect(secrets.masterKeys[0]).toHaveLength(32)
  })

  test('the issuer follows PORT', () => {
    expect(load({ PORT: '4010' }).config.issuer).toBe('http://localhost:4010')
  })

  test('an issuer beyond loopback makes a production server that listens on every address', () => {
    const { config } = load(PRODUCTION)
    expect(config).toMatchObject({ production: true, host: '::', fetchAllow: [] })
  })

  test('NODE_ENV=production makes a production server on a loopback issuer', () => {
    const { config } = load({ ...PRODUCTION, SIGNET_ISSUER: 'https://localhost:3000', NODE_ENV: 'production' })
    expect(config.production).toBe(true)
  })

  test('a configuration cannot be changed and holds no secret', () => {
    const { config } = load({ ...PRODUCTION, SMTP_URL: 'smtp://u:hush-1@mail', SIGNET_MAIL_FROM: 'a@example.com' })
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError)
    expect(JSON.stringify(config)).not.toMatch(new RegExp(`hush-1|${KEY}|db.example.com`))
  })

  test('auto stands for one worker a core', () => {
    expect(load({ SIGNET_WORKERS: 'auto' }).config.workers).toBe(availableParallelism())
  })

  test('DATABASE_DIRECT_URL defaults to DATABASE_URL', () => {
    expect(load(PRODUCTION).secrets.databaseDirectUrl).toBe(PRODUCTION.DATABASE_URL)
  })
})

describe('faults', () => {
  test('all faults are told at once with variable, problem and example, and no secret', () => {
    const env = {
      PORT: 'eighty',
      SIGNET_MIGRATE: 'maybe',
      LOG_LEVEL: 'loud',
      SIGNET_WORKERS: '0',
      SIGNET_MASTER_KEYS: 'hush-2',
      DATABASE_URL: 'mysql://root:hush-3@db/signet',
    }
    let message = ''
    try {
      load(env)
    } catch (error) {
      message = (error as ConfigError).message
    }
    expect(message).toContain('6 settings must be mended')
    for (const name of Object.keys(env)) expect(message).toMatch(new RegExp(`^  ${name}: .+ For example: .+$`, 'm'))
    expect(message).toContain('PORT: must be a whole number from 1 to 65535, and "eighty" is not')
    expect(message).not.toMatch(/hush/)
  })

  test.each([
    ['SIGNET_ISSUER', 'id.example.com', /absolute URL that starts with https:\/\/ or http:\/\//],
    ['SIGNET_ISSUER', 'https://id.example.com/?a=1', /without query and fragment/],
    ['SIGNET_ISSUER', 'https://id.example.com/#', /without query and fragment/],
    ['SIGNET_ISSUER', 'https://ID.example.com:443', /normal form, https:\/\/id\.example\.com/],
    ['SIGNET_ISSUER', 'https://u:p@id.example.com', /without user name and password/],
    ['PORT', '0', /from 1 to 65535/],
    ['PORT', '3000.5', /from 1 to 65535/],
    ['HOST', '127.0.0.1:3000', /without port or brackets/],
    ['SIGNET_MANAGEMENT_PORT', '65536', /from 0 to 65535/],
    ['SIGNET_MANAGEMENT_PORT', '3000', /is 3000, as PORT is/],
    ['SIGNET_TRUSTED_PROXIES', '10.0.0.0/8,10.0.0.0/33', /"10\.0\.0\.0\/33" is not/],
    ['SIGNET_FETCH_ALLOW', 'http://localhost', /which "http:\/\/localhost" is not/],
    ['SIGNET_ALLOW_GENERATED_KEYS', 'yes', /true or false/],
    ['SIGNET_TLS_CERT_FILE', '/does/not/exist.crt', /cannot be read \(ENOENT\)/],
    ['SIGNET_ADMIN_EMAIL', 'ada', /must be an e-mail address/],
    ['SIGNET_MTLS_URL', 'http://mtls.example.com', /starts with https:/],
    ['DATABASE_URL', 'postgres://db/signet?sslmode=perhaps', /sslmode among/],
    ['DATABASE_URL', 'postgres://db/signet?sslrootcert=/no/ca.pem', /sslrootcert \/no\/ca\.pem, which cannot be read/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector', /absolute URL/],
    ['SMTP_URL', 'https://mail.example.com', /starts with smtp:\/\/ or smtps:\/\//],
    ['SMTP_URL', 'smtps://mail.example.com?tls=off', /only smtp:\/\/ may end with \?tls=off/],
    ['SMTP_URL', 'smtp://mail.example.com/?secure=no', /without path and query/],
    ['SIGNET_MAIL_FROM', 'Signet <id@example.com>\r\nBcc: eve@example.com', /an e-mail address/],
  ])('%s=%s is refused with what would be right', (name, value, problem) => {
    expect(faultsOf({ [name]: value })[name]).toMatch(problem)
  })

  test.each([
    ['SIGNET_TLS_CERT_FILE', 'SIGNET_TLS_KEY_FILE', import.meta.filename],
    ['SIGNET_ADMIN_EMAIL', 'SIGNET_ADMIN_PASSWORD', 'ada@example.com'],
    ['DATABASE_DIRECT_URL', 'DATABASE_URL', 'postgres://db/signet'],
    ['SIGNET_MTLS_CLIENT_CA_FILE', 'SIGNET_MTLS_PORT', import.meta.filename],
  ])('%s without %s names what is missing', (name, needed, value) => {
    expect(faultsOf({ [name]: value })[needed]).toBe(`is missing, and ${name} needs it`)
  })

  test('an unknown SIGNET_ variable is named with the nearest one that exists', () => {
    expect(faultsOf({ SIGNET_ISUER: 'https://id.example.com' })).toEqual({
      SIGNET_ISUER: 'is not a variable of Signet; the nearest one is SIGNET_ISSUER',
    })
    expect(faultsOf({ SIGNET_MASTER_KEY_FILE: '/x' })['SIGNET_MASTER_KEY_FILE']).toMatch(/SIGNET_MASTER_KEYS_FILE$/)
  })

  test('the service links that Kubernetes adds for a service named signet are no fault', () => {
    const links = {
      SIGNET_SERVICE_HOST: '10.0.0.1',
      SIGNET_PORT: 'tcp://10.0.0.1:80',
      SIGNET_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    expect(load(links).config.issuer).toBe('http://localhost:3000')
    expect(faultsOf({ SIGNET_PORT: '3000' })).toHaveProperty('SIGNET_PORT')
  })

  test('an empty variable counts as unset', () => {
    expect(load({ PORT: '', SIGNET_ISSUER: '', SIGNET_MASTER_KEYS: '' }).config.port).toBe(3000)
  })
})

describe('secrets from files', () => {
  const secretNames = Object.entries<Variable>(VARIABLES).flatMap(([name, { secret }]) => (secret ? [name] : []))

  test('every secret also takes <NAME>_FILE', () => {
    expect(secretNames).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'SIGNET_MASTER_KEYS', 'SIGNET_ADMIN_PASSWORD', 'SMTP_URL']),
    )
    for (const name of secretNames) {
      expect(faultsOf({ [`${name}_FILE`]: join(dir, 'absent') })[`${name}_FILE`]).toMatch(/cannot be read \(ENOENT\)/)
    }
  })

  test('a secret file loses one trailing line break', () => {
    const path = join(dir, 'url')
    writeFileSync(path, `${PRODUCTION.DATABASE_URL}\n`)
    expect(load({ DATABASE_URL_FILE: path })).toMatchObject({
      secrets: { databaseUrl: PRODUCTION.DATABASE_URL },
      config: { isDatabaseEmbedded: false },
    })
  })

  test('a secret given both ways is refused', () => {
    const path = join(dir, 'keys.txt')
    writeFileSync(path, KEY)
    const faults = faultsOf({ SIGNET_MASTER_KEYS: KEY, SIGNET_MASTER_KEYS_FILE: path })
    expect(faults['SIGNET_MASTER_KEYS_FILE']).toMatch(/set beside SIGNET_MASTER_KEYS/)
  })
})

describe('production', () => {
  test('an http issuer, keys that init did not make and the embedded database are refused together', () => {
    makeMasterKeyFile(join(dir, 'keys'), 'first-start')
    const faults = faultsOf({ SIGNET_ISSUER: 'http://id.example.com' })
    expect(faults['SIGNET_ISSUER']).toMatch(/needs an https issuer/)
    expect(faults['DATABASE_URL']).toMatch(/does not run on the embedded database/)
    expect(faults['SIGNET_MASTER_KEYS']).toMatch(/was not made by "signet init"/)
  })

  test('each refusal is lifted by its own explicit setting', () => {
    makeMasterKeyFile(join(dir, 'keys'), 'first-start')
    const { config } = load({
      SIGNET_ISSUER: 'http://id.example.com',
      SIGNET_ALLOW_INSECURE_ISSUER: 'true',
      SIGNET_ALLOW_GENERATED_KEYS: 'true',
      SIGNET_ALLOW_EMBEDDED_DATABASE: 'true',
    })
    expect(config).toMatchObject({ production: true, isDatabaseEmbedded: true })
  })

  test('that no mail leaves without a relay is told in one warning', () => {
    const told =
      'SMTP_URL is not set: no mail leaves, so that registration, password reset and notices of changes are off'
    expect(load(PRODUCTION).warnings).toEqual([told])
    const relay = { SMTP_URL: 'smtp://mail.example.com?tls=off', SIGNET_MAIL_FROM: 'a@example.com' }
    expect(load({ ...PRODUCTION, ...relay }).warnings).toEqual([])
    expect(load().warnings).toEqual([])
  })

  test('a missing master key is refused and none is made', () => {
    const { SIGNET_MASTER_KEYS: _, ...env } = PRODUCTION
    expect(faultsOf(env)['SIGNET_MASTER_KEYS']).toMatch(/there is no master key: .+master\.key does not exist/)
    expect(() => statSync(masterKeyPath(join(dir, 'keys')))).toThrow(/ENOENT/)
  })

  test('keys that init made are taken', () => {
    makeMasterKeyFile(join(dir, 'keys'), 'init')
    const { SIGNET_MASTER_KEYS: _, ...env } = PRODUCTION
    expect(load(env).secrets.masterKeys).toHaveLength(1)
  })
})

describe('master keys', () => {
  test('the first start makes one in a private file and the next start reads the same', () => {
    const first = load()
    const path = masterKeyPath(join(dir, 'keys'))
    expect(first.madeMasterKey).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, 'keys')).mode & 0o777).toBe(0o700)
    const second = load()
    expect(second.madeMasterKey).toBeUndefined()
    expect(second.secrets.masterKeys).toEqual(first.secrets.masterKeys)
  })

  test('nothing is made when another setting is faulty', () => {
    faultsOf({ PORT: 'x' })
    expect(() => statSync(join(dir, 'keys'))).toThrow(/ENOENT/)
  })

  test('several keys stand in a list of commas or lines, the first one first', () => {
    const other = Buffer.alloc(32, 9)
    const { secrets } = load({ SIGNET_MASTER_KEYS: `${other.toString('base64url')}, ${KEY}` })
    expect(secrets.masterKeys.map((key) => key[0])).toEqual([9, 7])
  })

  test('a key file that others can read is refused with what to do', () => {
    mkdirSync(join(dir, 'keys'))
    const path = masterKeyPath(join(dir, 'keys'))
    writeFileSync(path, KEY, { mode: 0o644 })
    expect(() => load()).toThrow(
      new KeyFileError(`${path} can be read by others (mode 0644): run "chmod 600 ${path}" and start again.`),
    )
  })

  test('a damaged key file is told by its path, without its content', () => {
    mkdirSync(join(dir, 'keys'))
    writeFileSync(masterKeyPath(join(dir, 'keys')), `${KEY}\nhush-4\n`, { mode: 0o600 })
    const problem = faultsOf({})['SIGNET_MASTER_KEYS']
    expect(problem).toMatch(/master\.key must be a list of base64url keys of 32 bytes, which key 2 of it is not/)
    expect(problem).not.toMatch(/hush/)
  })
})

describe('.env', () => {
  test('is read where it is present, and the environment wins over it', () => {
    writeFileSync(join(dir, '.env'), 'PORT=4020\nPATH=/nowhere\n')
    const env = readEnvironment(dir)
    expect(env['PORT']).toBe('4020')
    expect(env['PATH']).toBe(process.env['PATH'])
  })
})

test('a client of the server needs the issuer and the keys directory alone', () => {
  expect(loadClientConfig({ SIGNET_ISSUER: 'https://id.example.com/', SIGNET_KEYS_DIR: dir, PORT: '3000' })).toEqual({
    issuer: 'https://id.example.com',
    keysDir: dir,
  })
  expect(() => loadClientConfig({ SIGNET_ISSUER: 'nowhere' })).toThrow(/SIGNET_ISSUER/)
})
