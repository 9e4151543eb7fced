/** The example API and the example app started by themselves, as a container starts them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { exportJWK } from 'jose'
import { expect, test } from 'vitest'
import { aSigningPair, startTestIssuer } from '../resource-server/test-issuer.ts'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { temporaryDir } from '../support/server.ts'

function start(example: string, env: Record<string, string>): ChildProcess {
  const file = join(import.meta.dirname, '../../examples', example, 'start.ts')
  const child = spawn(process.execPath, [file], { env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' })
  atEnd(() => child.kill('SIGKILL'))
  return child
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = child.stdout ? ((await once(child.stdout, 'data')) as [Buffer]) : ['']
  return String(line)
}

test('the API listens where it is told and ends by a signal', async () => {
  const port = await freePort()
  const api = start('api', { PORT: String(port), HOST: '127.0.0.1', API_IDENTIFIER: 'https://api.example.com' })
  expect(await firstLine(api)).toBe('The API listens for https://api.example.com\n')
  const refused = await fetch(`http://127.0.0.1:${port}/api/posts`)
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toContain('https://api.example.com/.well-known')
  api.kill('SIGTERM')
  expect(await once(api, 'exit')).toEqual([0, null])
})

test('the app sends to its issuer with its client, key and API', async () => {
  const pair = await aSigningPair('a')
  const issuer = await startTestIssuer([pair])
  atEnd(() => issuer.close())
  const { issuer: iss } = issuer
  issuer.answers.set('/.well-known/openid-configuration', { issuer: iss, authorization_endpoint: `${iss}/authorize` })
  const key = join(temporaryDir('app'), 'app.jwk.json')
  writeFileSync(key, JSON.stringify({ ...(await exportJWK(pair.privateKey)), alg: 'ES256' }))
  const port = await freePort()
  const settings = { CLIENT_ID: 'app-1', CLIENT_KEY: key, API_IDENTIFIER: 'https://api.example.com' }
  const app = start('relying-party', { SIGNET_ISSUER: iss, HOST: '127.0.0.1', PORT: String(port), ...settings })
  expect(await firstLine(app)).toBe(`Open http://localhost:${port}\n`)
  const sent = await fetch(`http://127.0.0.1:${port}/login`, { redirect: 'manual' })
  const location = new URL(sent.headers.get('location') ?? '')
  expect(location.origin + location.pathname).toBe(`${iss}/authorize`)
  expect(Object.fromEntries(location.searchParams)).toMatchObject({
    client_id: 'app-1',
    redirect_uri: `http://localhost:${port}/callback`,
    resource: 'https://api.example.com',
    code_challenge_method: 'S256',
  })
})

test('the app says what it needs', async () => {
  const app = start('relying-party', {})
  const said = app.stderr ? text(app.stderr) : ''
  expect(await once(app, 'exit')).toEqual([78, null])
  expect(await said).toBe(
    'CLIENT_ID and CLIENT_KEY are needed: the id and the key file of "signet clients create --generate-key".\n',
  )
})
