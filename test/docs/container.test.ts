/** The Dockerfile and the compose file say what is true: their paths, variables and shape. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { knownNames } from '#config/variables.ts'
import { copies, environmentOf, parseDockerfile, wordsOf } from '../support/docs/dockerfile.ts'
import { ROOT, treeFiles } from '../support/docs/tree-copy.ts'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { startProcess, temporaryDir } from '../support/server.ts'
import { eventually } from '../support/eventually.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly target: string }
  readonly command?: readonly string[]
  readonly environment?: Record<string, string>
  readonly volumes?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Record<string, { readonly condition: string }>
  readonly network_mode?: string
}

interface Compose {
  readonly services: Record<string, Service>
  readonly volumes: Record<string, unknown>
}

const stages = parseDockerfile(read('Dockerfile'))
const compose = parse(read('docker-compose.yml')) as Compose
const services = Object.entries(compose.services)
/** Variables of other programs that our files set. */
const FOREIGN = ['POSTGRES_USER', 'POSTGRES_PASSWORD']

/** Whether a path of the tree reaches the build: the last matching line of .dockerignore decides. */
function inContext(path: string): boolean {
  return read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .reduce((kept, line) => {
      const pattern = line.replace(/^!/, '')
      const hit = pattern === '*' || path === pattern || path.startsWith(`${pattern}/`)
      return hit ? line.startsWith('!') : kept
    }, true)
}

test('the Dockerfile copies only what is in the tree and reaches the build', () => {
  expect(stages.map(({ name }) => name)).toEqual(['packages', 'examples', 'server'])
  const files = treeFiles()
  for (const { from, sources } of stages.flatMap(copies)) {
    if (from !== undefined) {
      expect(stages.map(({ name }) => name)).toContain(from)
      continue
    }
    for (const source of sources) {
      const below = files.filter((path) => path === source || path.startsWith(`${source}/`))
      expect(below, `COPY ${source}`).not.toEqual([])
      expect(
        below.filter((path) => !inContext(path)),
        `.dockerignore and COPY ${source}`,
      ).toEqual([])
    }
  }
})

test('no key, database, setting or history of the machine reaches the build', () => {
  for (const path of ['.env', 'keys/master.key', 'keys/admin-cli.jwk.json', '.signet/postgres/base/1', '.git/config']) {
    expect(inContext(path), path).toBe(false)
  }
})

test('every stage stands on the major version of Node that the packages bring', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } }
  const major = devDependencies.node.split('.')[0]
  for (const stage of stages) expect(stage.from).toBe(`node:${major}-slim`)
})

test('the image runs as an ordinary user, is probed for readiness, and starts a script that is there', () => {
  for (const stage of stages.filter(({ name }) => name !== 'packages')) {
    expect(stage.instructions.findLast(({ name }) => name === 'USER')?.rest).toBe('node')
  }
  const server = stages.find(({ name }) => name === 'server')
  if (server === undefined) throw new Error('no stage server')
  expect(wordsOf(server, 'HEALTHCHECK').join(' ')).toContain('/health/ready')
  expect(wordsOf(server, 'ENTRYPOINT')[0]).toBe('node')
  expect(existsSync(join(ROOT, wordsOf(server, 'ENTRYPOINT').at(-1) ?? ''))).toBe(true)
  expect(wordsOf(server, 'CMD')).toEqual(['serve'])
})

test('every variable that the Dockerfile, the compose file and .env.example set is one that is read', () => {
  const examples = treeFiles().filter((path) => path.startsWith('examples/') && path.endsWith('.ts'))
  const readByExamples = examples.flatMap((path) => [...read(path).matchAll(/\b[A-Z][A-Z0-9_]{3,}\b/g)].map(String))
  const readByCommands = services.flatMap(([, { command = [] }]) =>
    [...command.join(' ').matchAll(/\$\$([A-Z_]+)/g)].map(([, name]) => name),
  )
  const known = new Set([...knownNames(), ...FOREIGN])
  for (const stage of stages) expect([...known]).toEqual(expect.arrayContaining(Object.keys(environmentOf(stage))))
  const example = [...read('.env.example').matchAll(/^#? ?([A-Z_]+)=/gm)].map((match) => match[1])
  expect(example.length).toBeGreaterThan(20)
  for (const name of example) expect([...known], '.env.example').toContain(name)
  for (const [service, { environment = {}, build }] of services) {
    const may = build?.target === 'examples' ? [...known, ...readByExamples, ...readByCommands] : [...known]
    for (const name of Object.keys(environment)) expect(may, service).toContain(name)
  }
})

test('the compose file fits the schema of the Compose Specification', () => {
  const schema = JSON.parse(read('test/support/compose-spec.json'), (key, value: unknown) =>
    // it says `id` as draft 4 did, for people to read, and names its draft by an address that nobody else uses
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
  ) as object
  const anything = { expose: true, ports: true, duration: true, subnet_ip_address: true } as const
  const validate = new Ajv2019({ strict: false, allErrors: true, formats: anything }).compile(schema)
  validate(parse(read('docker-compose.yml')))
  expect(validate.errors).toBeNull()
  validate({ services: { signet: { imagine: 'x' } } })
  expect(validate.errors).not.toBeNull()
})

test('the compose file has PostgreSQL with a health check, the server, and the example app and API', () => {
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['database', 'signet', 'app', 'api']))
  expect(compose.services['database']?.image).toMatch(/^postgres:1[4-8]/)
  expect(compose.services['database']?.healthcheck?.test).toContain('pg_isready')
  expect(compose.services['signet']?.depends_on?.['database']).toEqual({ condition: 'service_healthy' })
})

test('what the services of the compose file name is there: stages, scripts, volumes, other services', () => {
  for (const [name, { build, command, volumes = [], depends_on: needs = {}, network_mode: network }] of services) {
    if (build)
      expect(
        stages.map((stage) => stage.name),
        name,
      ).toContain(build.target)
    for (const [word] of (command ?? []).join(' ').matchAll(/\S+\.(ts|js)\b/g)) {
      expect(existsSync(join(ROOT, word)), `${name}: ${word}`).toBe(true)
    }
    for (const volume of volumes) expect(Object.keys(compose.volumes), name).toContain(volume.split(':')[0])
    for (const [other, { condition }] of Object.entries(needs)) {
      const found = compose.services[other]
      expect(found, `${name} needs ${other}`).toBeDefined()
      const probed = found?.healthcheck !== undefined || found?.build?.target === 'server'
      if (condition === 'service_healthy') expect(probed, `${other} has a health check`).toBe(true)
    }
    if (network?.startsWith('service:')) expect(Object.keys(compose.services)).toContain(network.slice(8))
  }
})

test('the commands of the compose file register, serve the app, and protect the API', async () => {
  const server = await startProcess({ env: { NODE_ENV: 'development' } })
  const ports = { app: await freePort(), api: await freePort() }
  const demo = join(temporaryDir('compose'), 'demo')
  const replaced = (value: string): string =>
    value
      .replace('http://localhost:3000', server.issuer)
      .replace('/var/lib/signet/keys', server.keysDir)
      .replace('/var/lib/signet/demo', demo)
      .replace('0.0.0.0', '127.0.0.1')
      .replace(/^4000$/, String(ports.app))
      .replace(/^4001$/, String(ports.api))
  const start = (name: 'register' | 'app' | 'api'): ChildProcess => {
    const { command = [], environment = {} } = compose.services[name] ?? {}
    const [program = '', ...args] = command.map((word) => word.replaceAll('$$', '$'))
    const env = {
      ...Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, replaced(value)])),
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      APP_URL: `http://localhost:${ports.app}`,
      API_IDENTIFIER: `http://localhost:${ports.api}`,
    }
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    atEnd(() => child.kill('SIGKILL'))
    return child
  }
  const register = start('register')
  const [told, wrong] = await Promise.all([readAll(register.stdout), readAll(register.stderr)])
  expect(wrong).toBe('')
  expect(told).toMatch(/^Open http:\/\/localhost:\d+ and sign in as ada@example\.com with the password \S+\n$/)

  start('api')
  start('app')
  expect((await untilAnswers(`http://localhost:${ports.api}/api/posts`)).status).toBe(401)
  const page = await untilAnswers(`http://localhost:${ports.app}/`)
  expect(page.status).toBe(200)
  expect(page.headers.get('content-type')).toContain('text/html')
}, 60_000)

function readAll(stream: Readable | null): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream)
}

/** The first answer, whatever it is. */
async function untilAnswers(url: string): Promise<Response> {
  let response: Response | undefined
  await eventually(
    async () => {
      response = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
      return response !== undefined
    },
    20_000,
    () => `${url} did not answer`,
  )
  return response as Response
}
