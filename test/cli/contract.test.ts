/** The commands of the contract, as they are printed there, against a live server. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { decodeProtectedHeader } from 'jose'
import { expect, test } from 'vitest'
import { createAccounts } from '../../src/accounts/accounts.ts'
import { SYSTEM } from '../../src/audit/audit.ts'
import { createAudit } from '../../src/audit/recorder.ts'
import { readMasterKeyFile } from '../../src/config/key-files.ts'
import { createDatabase } from '../../src/database/pool.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { accessTokens } from '../../src/resource-server/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createMethods } from '../../src/sign-in/methods.ts'
import { mailOf } from '../support/mail-of.ts'
import { atEnd } from '../support/endings.ts'
import { startSignet } from './support/signet.ts'

const API = 'https://api.example.com'
const signet = await startSignet('own')

/** Splits a command as it is printed, quotes included. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? (plain as string)).slice(1)
}

test('signet resources create https://api.example.com --name Posts --scope posts:read --scope posts:write', async () => {
  const command = words(
    'signet resources create https://api.example.com --name Posts --scope posts:read --scope posts:write',
  )
  const { code, stdout, stderr } = await signet.run(command)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n')[0]).toBe('Registered the resource https://api.example.com.')
  expect(await signet.json(['resources', 'show', API])).toMatchObject({
    resource: API,
    name: 'Posts',
    scopes: [{ name: 'posts:read' }, { name: 'posts:write' }],
  })
})

test('signet accounts create --email … --password-stdin makes a person who signs in with that password', async () => {
  const account = await signet.json(
    words('signet accounts create --email ada@example.com --name "Ada Lovelace" --password-stdin'),
    { input: 'correct horse battery\n' },
  )
  expect(account).toMatchObject({
    sub: expect.any(String),
    email: 'ada@example.com',
    email_verified: false,
    name: 'Ada Lovelace',
    status: 'enabled',
  })
  expect(JSON.stringify(account)).not.toContain('correct horse')
  const signIn = await passwordCheck()
  expect(await signIn('ada@example.com', 'correct horse battery')).toBe(account.sub)
  expect(await signIn('ada@example.com', 'correct horse battery\n')).toBeUndefined()
})

/** Checks passwords as sign-in does, on the server's own database. */
async function passwordCheck(): Promise<(identifier: string, password: string) => Promise<string | undefined>> {
  const logger = createLogger({ level: 'silent', format: 'json' })
  const db = createDatabase({ url: signet.server.databaseUrl, logger })
  atEnd(() => db.close())
  const audit = createAudit({ db })
  const accounts = createAccounts({ db, audit, clock: systemClock })
  const keyring = createKeyring(readMasterKeyFile(signet.server.keysDir)?.keys ?? [])
  const { passwords } = createMethods({
    db,
    accounts,
    audit,
    keyring,
    mail: mailOf({ db, keyring }),
    clock: systemClock,
    issuer: signet.server.issuer,
    brand: () => 'Signet',
  })
  return async (identifier, password) => (await passwords.verify({ identifier, password }, SYSTEM))?.account.id
}

test('signet clients create --profile machine --generate-key makes a key that gets a token for the API', async () => {
  const client = await signet.json(
    words(
      'signet clients create --profile machine --name billing --generate-key billing.jwk.json --allow https://api.example.com=posts:read',
    ),
  )
  expect(client).toMatchObject({
    client_id: expect.any(String),
    client_name: 'billing',
    token_endpoint_auth_method: 'private_key_jwt',
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  expect(client).not.toHaveProperty('signet_default_resource')

  const file = join(signet.dir, 'billing.jwk.json')
  const key = JSON.parse(await readFile(file, 'utf8'))
  expect(Object.keys(key)).toEqual(['kty', 'crv', 'x', 'y', 'd', 'kid', 'alg', 'use'])
  expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(client.jwks).toEqual({ keys: [expect.not.objectContaining({ d: expect.anything() })] })
  expect(client.jwks).toMatchObject({ keys: [{ kid: key.kid, x: key.x, y: key.y }] })

  const id = client.client_id as string
  const { code, stdout, stderr } = await signet.run(
    words(`signet token --client-id ${id} --key billing.jwk.json --resource ${API} --scope posts:read`),
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const token = stdout.trimEnd()
  expect(stdout).toBe(`${token}\n`)
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
  const api = accessTokens({ issuer: signet.server.issuer, audience: API, scope: 'posts:read' })
  expect(await api.verify(`Bearer ${token}`)).toMatchObject({ sub: id, client_id: id, scope: 'posts:read', aud: API })

  const response = await signet.json(['token', '--client-id', id, '--key', 'billing.jwk.json', '--resource', API])
  expect(response).toMatchObject({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: expect.any(Number),
    scope: 'posts:read',
  })
})

test('signet clients create --profile web --jwks-file registers the public keys of a file', async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  await writeFile(join(signet.dir, 'shop.jwks.json'), JSON.stringify({ keys: [{ ...key, kid: 'shop-1' }] }))
  const client = await signet.json(
    words(
      'signet clients create --profile web --name shop --redirect-uri http://localhost:5000/authorize --jwks-file shop.jwks.json --allow https://api.example.com=posts:read',
    ),
  )
  expect(client).toMatchObject({
    signet_profile: 'web',
    redirect_uris: ['http://localhost:5000/authorize'],
    jwks: { keys: [{ kid: 'shop-1', x: key.x }] },
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
})

test('signet clients create --auth client_secret_basic prints the secret once', async () => {
  const command = words(
    'signet clients create --profile web --name blog --redirect-uri http://localhost:6000/cb --auth client_secret_basic',
  )
  const { code, stdout } = await signet.run(command)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Registered the client blog\.\n/)
  const secret = /^ {2}client secret +(\S+)$/m.exec(stdout)?.[1] as string
  expect(secret).toMatch(/^sec-/)
  expect(stdout).toContain('The secret is shown this once and kept nowhere: store it now.')
  const id = /^ {2}client id +(\S+)$/m.exec(stdout)?.[1] as string
  const shown = await signet.run(['clients', 'show', id, '--json'])
  expect(shown.stdout).not.toContain(secret)
  expect(await signet.json(command)).toMatchObject({ client_secret: expect.stringMatching(/^sec-/) })
})

test('signet token without options gets a token of signet-cli for the admin API', async () => {
  const { code, stdout } = await signet.run(['token'])
  expect(code).toBe(0)
  const answer = await signet.server.fetch('/admin/v1/clients', {
    headers: { authorization: `Bearer ${stdout.trimEnd()}` },
  })
  expect(answer.status).toBe(200)
})
