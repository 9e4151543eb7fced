/** oidc-agent connects itself as a device (RFC 8628), and then gives access tokens to whoever asks it on this machine. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { administrator } from '../support/administrator.ts'
import { connect } from '../support/device.ts'
import { atEnd } from '../support/endings.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/person.ts'
import { type Server, startServer, temporaryDir } from '../support/server.ts'

const ada = { email: 'ada@example.com', password: 'a long sentence to sign in with' }
const dir = temporaryDir('oidc-agent')
let server: Server
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  server = await startServer()
  writeFileSync(join(dir, 'password'), 'of the agent\n')
  const own = { ...process.env, HOME: dir, OIDC_CONFIG_DIR: dir }
  const { stdout } = spawnSync('oidc-agent', { env: own, encoding: 'utf8' })
  const socket = /OIDC_SOCK=([^;]+)/.exec(stdout)?.[1]
  const pid = Number(/OIDCD_PID=(\d+)/.exec(stdout)?.[1])
  env = { ...own, OIDC_SOCK: socket }
  atEnd(() => void process.kill(pid))
})

test('oidc-agent is connected by its code, and its access token is good at userinfo', async () => {
  const admin = await administrator(server)
  const sub = await admin.account(ada.email, ada.password)
  const client = await admin.client('device', { token_endpoint_auth_method: 'client_secret_basic' })
  const secret = client.secret ?? ''
  const account = `--client-id ${client.id} --client-secret ${secret} --iss ${server.issuer}`
  const quiet = `--pw-file ${join(dir, 'password')} --prompt=none --confirm-default --no-url-call`
  const given = `tv --flow=device --manual ${account} ${quiet}`.split(' ')
  const gen = spawn('oidc-gen', [...given, '--scope', 'openid offline_access'], {
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
  const { stdout: token } = spawnSync('oidc-token', ['tv'], { env, encoding: 'utf8' })
  const info = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${token.trim()}` } })
  expect(await info.json()).toMatchObject({ sub })
})
