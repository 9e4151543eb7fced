/** The steps of the image, run as plain commands in a copy: they install, and the server runs on what they leave. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chownSync, copyFileSync, cpSync, mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import { copies, environmentOf, parseDockerfile, type Stage, wordsOf } from '../support/docs/dockerfile.ts'
import { copyTree, emptyFolder, ROOT } from '../support/docs/tree-copy.ts'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually } from '../support/eventually.ts'

const ISSUER = 'https://id.example.com'
const root = process.getuid?.() === 0
/** `nobody`: a user that owns nothing here. Only root can become another. */
const user = root ? { uid: 65_534, gid: 65_534 } : {}

const stages = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
const folder = emptyFolder('image')
const app = join(folder, 'server/app')
const state = join(folder, 'state')
/** A Node that every user can run, as the image has its own. */
const node = join(folder, 'node')

function stage(name: string): Stage {
  const found = stages.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`the Dockerfile has no stage ${name}`)
  return found
}

/** Copies what a stage copies, and runs its npm commands, below `<folder>/<stage>/app`. */
function build(name: string): void {
  const workdir = join(folder, name, 'app')
  mkdirSync(workdir, { recursive: true })
  for (const { from, sources, to } of copies(stage(name))) {
    const goal = (source: string): string =>
      to.endsWith('/') ? join(workdir, to, source.split('/').at(-1) ?? '') : join(workdir, to)
    for (const source of sources) {
      if (from !== undefined)
        cpSync(join(folder, from, source), goal(source), { recursive: true, verbatimSymlinks: true })
      else cpSync(join(folder, 'context', source), goal(source), { recursive: true })
    }
  }
  const commands = stage(name).instructions.filter((step) => step.name === 'RUN' && step.rest.startsWith('npm '))
  for (const { rest } of commands) {
    execFileSync('sh', ['-c', rest], {
      cwd: workdir,
      // what npm ci fetched before for this checkout need not be fetched again
      env: { ...process.env, NODE_ENV: 'production', npm_config_prefer_offline: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }
}

interface Settings {
  readonly databaseUrl: string
  readonly port: number
  readonly managementPort: number
}

/** What the container's environment would be: the image's own variables and those an operator gives. */
function environment({ databaseUrl, port, managementPort }: Settings): Record<string, string> {
  const image = Object.entries(environmentOf(stage('server'))).map(([name, value]) => [
    name,
    value.replace('/var/lib/signet', state),
  ])
  return {
    ...(Object.fromEntries(image) as Record<string, string>),
    PATH: '/usr/bin:/bin',
    DATABASE_URL: databaseUrl,
    SIGNET_ISSUER: ISSUER,
    PORT: String(port),
    SIGNET_MANAGEMENT_PORT: String(managementPort),
  }
}

/** Runs the image's entry point in the copied tree, as another user. */
function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  const [, ...words] = wordsOf(stage('server'), 'ENTRYPOINT')
  return spawn(node, [...words, ...args], { cwd: app, env, ...user, stdio: ['ignore', 'pipe', 'pipe'] })
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve))
}

/** Asks as a proxy does that ends TLS before the server. */
async function get(port: number, path: string): Promise<{ status: number | undefined; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; body: string }>()
  request({ port, path, host: '127.0.0.1', headers: { host: 'id.example.com' } }, (response) => {
    void text(response).then((body) => resolve({ status: response.statusCode, body }), reject)
  })
    .on('error', reject)
    .end()
  return promise
}

beforeAll(() => {
  copyTree(join(folder, 'context'))
  build('packages')
  build('server')
  execFileSync('chmod', ['-R', 'a-w', join(folder, 'server')])
  atEnd(() => execFileSync('chmod', ['-R', 'u+w', join(folder, 'server')]))
  copyFileSync(process.execPath, node)
  for (const dir of [state, join(state, 'keys'), join(state, 'data')]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    if (user.uid !== undefined) chownSync(dir, user.uid, user.gid)
  }
}, 300_000)

test('the image has the production packages and nothing else', () => {
  const has = (path: string): boolean => spawnSync('test', ['-e', join(app, path)]).status === 0
  expect(['node_modules/koa', 'node_modules/oidc-provider', 'src/main.ts', 'migrations'].map(has)).not.toContain(false)
  expect(
    ['node_modules/vitest', 'node_modules/typescript', 'test', '.git', 'keys', 'Dockerfile'].map(has),
  ).not.toContain(true)
})

test('the image serves as an ordinary user on a tree it cannot write to, tells its health, and ends in order', async () => {
  const settings = {
    databaseUrl: (await cloneDatabase()).url,
    port: await freePort(),
    managementPort: await freePort(),
  }
  const env = environment(settings)
  const written = spawnSync('touch', [join(app, 'src/written')], user)
  if (root) expect(written.status, 'the tree can be written to').not.toBe(0)

  const init = start(['init'], env)
  const said = text(init.stderr ?? process.stdin)
  expect(await exitCode(init), await said).toBe(0)

  const server = start(wordsOf(stage('server'), 'CMD'), env)
  atEnd(() => server.kill('SIGKILL'))
  let output = ''
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = exitCode(server)

  const [, ...probe] = wordsOf(stage('server'), 'HEALTHCHECK')
  const healthy = (): boolean => spawnSync(node, probe, { env, ...user }).status === 0
  expect(healthy(), 'healthy before it can be').toBe(false)
  await eventually(healthy, 30_000, () => output)

  const discovery = await get(settings.port, '/.well-known/openid-configuration')
  expect(discovery.status).toBe(200)
  expect(JSON.parse(discovery.body)).toMatchObject({ issuer: ISSUER, token_endpoint: `${ISSUER}/token` })

  server.kill('SIGTERM')
  expect(await ended, output).toBe(0)
}, 90_000)
