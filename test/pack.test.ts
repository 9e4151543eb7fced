/** The package as another project gets it: packed, installed outside the checkout, protecting an API. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type RegisteredClient } from './support/administrator.ts'
import { createApp } from './support/app.ts'
import { assertionParams } from './support/assertion.ts'
import { atEnd } from './support/endings.ts'
import { install, pack, type Packed, run } from './support/packed/pack.ts'
import { MISTAKES, PROGRAMS, TSCONFIG } from './support/packed/programs.ts'
import { proofKey, type ProofKey } from './support/proof-key.ts'
import { type Server, startServer } from './support/server.ts'

const NAMES = Object.keys(PROGRAMS)
const TAKING_DPOP = NAMES.filter((name) => /^(listener|express|fastify)\./.test(name))
const SERVING_METADATA = NAMES.filter((name) => !name.startsWith('http.'))
const ROOT = join(import.meta.dirname, '..')
const TSC = join(ROOT, 'node_modules/.bin/tsc')
const API = 'https://api.example.com'
let packed: Packed
let folder: string
let server: Server
let clientId: string
/** A token with `posts:read`, one without it, one for another API, and one that is bound to the key. */
let tokens: { reading: string; writing: string; foreign: string; bound: string }
let key: ProofKey

beforeAll(async () => {
  packed = await pack()
  folder = await install(packed)
  for (const [name, program] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), program)
  server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read', 'posts:write'])
  await admin.resource('https://other.example.com', ['posts:read'])
  const machine = await admin.client('machine', {
    signet_allow: [
      { resource: API, scopes: ['posts:read', 'posts:write'] },
      { resource: 'https://other.example.com', scopes: ['posts:read'] },
    ],
  })
  clientId = machine.id
  const app = createApp(server, machine, '')
  key = await proofKey()
  const token = async (resource: string, scope: string) => {
    const { body } = await app.token({ grant_type: 'client_credentials', resource, scope })
    return body['access_token'] ?? ''
  }
  tokens = {
    reading: await token(API, 'posts:read'),
    writing: await token(API, 'posts:write'),
    foreign: await token('https://other.example.com', 'posts:read'),
    bound: await boundToken(machine),
  }
}, 240_000)

/** A token that is bound to the key. */
async function boundToken(machine: RegisteredClient): Promise<string> {
  const own = await assertionParams({ issuer: server.issuer, clientId: machine.id, key: machine.key })
  const response = await server.fetch('/token', {
    method: 'POST',
    headers: await key.proof({ url: `${server.issuer}/token` }),
    body: new URLSearchParams({ ...own, grant_type: 'client_credentials', resource: API, scope: 'posts:read' }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

/** Starts a program of the installing project; it prints its port. */
async function start(name: string): Promise<string> {
  const env = { PATH: process.env['PATH'], ISSUER: server.issuer, AUDIENCE: API }
  const child = spawn(process.execPath, [name], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  atEnd(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it listened`)))
  const [port] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer]
  return `http://127.0.0.1:${String(port).trim()}`
}

const programs = new Map<string, Promise<string>>()

/** Starts each program once. */
function started(name: string): Promise<string> {
  const url = programs.get(name) ?? start(name)
  programs.set(name, url)
  return url
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

async function ask(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers })
  const body = await response.text()
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: body === '' ? undefined : (JSON.parse(body) as unknown),
  }
}

describe('the package', () => {
  test('holds JavaScript and declarations, no sources and nothing of the tests', () => {
    const others = packed.files.filter((path) => !/^dist\/(src|bin|migrations)\/.*\.(js|d\.ts|css|bin)$/.test(path))
    expect(
      others.filter((path) => !['README.md', 'LICENSE', 'package.json', 'dist/package.json'].includes(path)),
    ).toEqual([])
    expect(packed.files).toContain('dist/src/resource-server/koa.d.ts')
    expect(packed.files).toContain('dist/migrations/registry.js')
  })

  test('points its manifest at them and leaves that of the checkout as it was', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/signet/package.json'), 'utf8')) as object
    expect(manifest).toMatchObject({
      bin: { signet: 'dist/bin/signet.js' },
      engines: { node: '>=24.7' },
      exports: { './resource-server': { default: './dist/src/resource-server/index.js' } },
    })
    expect(manifest).not.toHaveProperty('scripts')
    const read = (root: string) => readFileSync(join(root, 'package.json'), 'utf8')
    expect(read(packed.checkout)).toBe(read(ROOT))
  })

  test('names no source file that is not there', () => {
    const code = globSync('dist/**/*.{js,d.ts}', { cwd: packed.checkout })
    const naming = code.filter((file) =>
      /['"`]\.{1,2}\/[^'"`]*\.ts['"`]/.test(readFileSync(join(packed.checkout, file), 'utf8')),
    )
    expect(code.length).toBeGreaterThan(100)
    expect(naming).toEqual([])
  })

  test('brings the command line, which loads every command', async () => {
    const signet = join(folder, 'node_modules/.bin/signet')
    const version = await run(process.execPath, [signet, '--version'], folder)
    expect(version.stdout.trim()).toBe('0.1.0')
    for (const command of ['clients', 'resources', 'accounts', 'keys', 'audit', 'token', 'serve', 'migrate']) {
      expect((await run(process.execPath, [signet, command, '--help'], folder)).stdout).toContain(`signet ${command}`)
    }
  })

  test('type-checks strictly in a project of its own', async () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ ...TSCONFIG, files: NAMES.filter((name) => name.endsWith('.ts')) }),
    )
    await run(TSC, ['-p', folder], folder)
  })

  test('has types that refuse what is wrong', async () => {
    writeFileSync(join(folder, 'mistakes.ts'), MISTAKES)
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...TSCONFIG, files: ['mistakes.ts'] }))
    const told = await run(TSC, ['-p', folder], folder).then(
      () => '',
      (error: Error) => error.message,
    )
    const lines = [...told.matchAll(/mistakes\.ts\((\d+),/g)].map(([, line]) => Number(line))
    expect(lines).toEqual([4, 5, 6, 7])
  })
})

describe.each(NAMES)('a server protected by it, %s,', (name) => {
  let url: string
  beforeAll(async () => {
    url = await started(name)
  })

  test('answers to a token of the issuer with its claims', async () => {
    expect(await ask(url, bearer(tokens.reading))).toMatchObject({ status: 200, body: { sub: clientId } })
  })

  test('refuses a request without a token with the bare challenge', async () => {
    const refused = await ask(url)
    expect(refused).toMatchObject({ status: 401, body: undefined })
    const parameters = `scope="posts:read", resource_metadata="${API}/.well-known/oauth-protected-resource"`
    const dpop = `DPoP ${parameters}, algs="ES256 PS256 Ed25519 EdDSA", `
    expect(refused.challenge).toBe(`${TAKING_DPOP.includes(name) ? dpop : ''}Bearer ${parameters}`)
  })

  test('refuses a token without the scope, naming it', async () => {
    const refused = await ask(url, bearer(tokens.writing))
    const sentence = 'The access token lacks the scope posts:read.'
    expect(refused).toMatchObject({
      status: 403,
      body: { error: 'insufficient_scope', error_description: sentence },
    })
    expect(refused.challenge).toContain('scope="posts:read"')
  })

  test('refuses a token for another API', async () => {
    const sentence = `The access token is not for ${API}.`
    expect(await ask(url, bearer(tokens.foreign))).toMatchObject({
      status: 401,
      body: { error: 'invalid_token', error_description: sentence },
    })
  })
})

test.each(SERVING_METADATA)('%s serves the metadata of the API to anyone and from any origin', async (name) => {
  const response = await fetch(`${await started(name)}/.well-known/oauth-protected-resource`)
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.json()).toMatchObject({ resource: API, scopes_supported: ['posts:read'] })
})

test.each(TAKING_DPOP)('%s accepts a bound token with a proof for the whole URL, once', async (name) => {
  const path = ['express.ts', 'fastify.ts'].includes(name) ? '/v1/' : '/'
  const url = `${await started(name)}${path}`
  const headers = async (htu: string) => ({
    authorization: `DPoP ${tokens.bound}`,
    ...(await key.proof({ url: htu, method: 'GET', accessToken: tokens.bound })),
  })
  const proven = await headers(`${API}${path}`)
  expect(await ask(url, proven)).toMatchObject({ status: 200, body: { sub: clientId } })
  const again = await ask(url, proven)
  expect(again).toMatchObject({ status: 401, body: { error: 'invalid_dpop_proof' } })
  expect(await ask(url, await headers(`${API}/other`))).toMatchObject({
    status: 401,
    body: { error_description: 'The DPoP proof is for another URL (htu).' },
  })
})

test.each(['listener.js', 'express.js', 'fastify.js'])(
  '%s answers with 500 if a token cannot be verified, and continues to run',
  async (name) => {
    const url = await started(name)
    for (let count = 0; count < 2; count += 1) {
      expect((await fetch(`${url}/broken`, { headers: bearer(tokens.reading) })).status).toBe(500)
    }
    expect((await ask(url, bearer(tokens.reading))).status).toBe(200)
  },
)
