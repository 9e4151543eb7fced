/** oidc-agent connects itself as a device (RFC 8628), and then gives access tokens to whoever asks it on this machine. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import { connect } from '../support/device.ts'
import { atEnd } from '../support/endings.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/person.ts'
import { type Server, startServer, temporaryDir } from '../support/server.ts'

const ada = { email: 'ada@example.com', password: 'a long sentence to sign in with' }
const dir = temporaryDir('oidc-agent')
let server: Server
let admin: Administrator
let sub: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  sub = await admin.account(ada.email, ada.password)
  writeFileSync(join(dir, 'password'), 'of the agent\n')
  const own = { ...process.env, HOME: dir, OIDC_CONFIG_DIR: dir }
  const { stdout } = spawnSync('oidc-agent', { env: own, encoding: 'utf8' })
  const socket = /OIDC_SOCK=([^;]+)/.exec(stdout)?.[1]
  const pid = Number(/OIDCD_PID=(\d+)/.exec(stdout)?.[1])
  env = { ...own, OIDC_SOCK: socket }
  atEnd(() => void process.kill(pid))
})

test('oidc-agent is connected by its code, and its access token is good at userinfo', async () => {
  const client = await admin.client('device', { token_endpoint_auth_method: 'client_secret_basic' })
  await isConnected('tv', ['--manual', '--client-id', client.id, '--client-secret', client.secret ?? ''])
})

test('oidc-agent is connected without a secret, which it sends as an empty one', async () => {
  const client = await admin.client('device')
  await isConnected('public', ['--manual', '--client-id', client.id, '--client-secret', ''])
})

test('oidc-agent registers itself as a device, and is connected with what it was given', async () => {
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
  await isConnected('itself', [])
  const { items } = await admin.call<{ items: unknown[] }>('GET', '/clients?origin=registration')
  expect(items).toMatchObject([{ signet_profile: 'device', token_endpoint_auth_method: 'client_secret_basic' }])
})

/** Connects an account of the agent, and asks for the claims of the person with its access token. */
async function isConnected(name: string, options: readonly string[]): Promise<void> {
  const quiet = `--pw-file ${join(dir, 'password')} --prompt=none --confirm-default --no-url-call`
  const given = `${name} --flow=device --iss ${server.issuer} ${quiet}`.split(' ')
  const gen = spawn('oidc-gen', [...given, ...options, '--scope', 'openid offline_access'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [gen.stdout, gen.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const ended = once(gen, 'exit')
  const codeOf = () => /code: ([A-Z]{4}-[A-Z]{4})/.exec(said)?.[1]
  await eventually(
    () => codeOf() !== undefined || gen.exitCode !== null,
    20_000,
    () => `no code: ${said}`,
  )
  await connect(
    person(() => server),
    String(codeOf()),
    ada,
  )
  expect(await ended, said).toEqual([0, null])
  const { stdout: token } = spawnSync('oidc-token', [name], { env, encoding: 'utf8' })
  const info = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${token.trim()}` } })
  expect(await info.json()).toMatchObject({ sub })
}
