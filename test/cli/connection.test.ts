/** Which server and which key: what is said when one of them is not there or not right. */
import { chmod, copyFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { startServer, temporaryDir } from '../support/server.ts'
import { runSignet, startSignet } from './support/signet.ts'

const signet = await startSignet()
const adminKey = join(signet.server.keysDir, 'admin-cli.jwk.json')

test('says how to start a server where none answers', async () => {
  const issuer = `http://localhost:${await freePort()}`
  const run = await signet.run(['clients', 'list', '--issuer', issuer])
  expect(run).toEqual({
    code: 1,
    stdout: '',
    stderr: `No Signet answers at ${issuer} (connection refused): start it with "npm start", or name another by --issuer URL.\n`,
  })
  const json = await signet.run(['clients', 'list', '--issuer', issuer, '--json'])
  expect(json.stdout).toBe('')
  expect(JSON.parse(json.stderr)).toMatchObject({ error: 'server_unreachable' })
})

test('says where the key comes from when there is none', async () => {
  const keysDir = temporaryDir('no-keys')
  const run = await signet.run(['clients', 'list'], { env: { SIGNET_KEYS_DIR: keysDir } })
  expect(run).toMatchObject({ code: 1, stdout: '' })
  expect(run.stderr).toBe(
    `There is no key file ${join(keysDir, 'admin-cli.jwk.json')}: in development the server writes it at its first start; otherwise run "signet init" or "signet recover" on the server, or name a key by --key FILE.\n`,
  )
})

test('refuses a key that others can read and says how to mend it', async () => {
  const copy = join(signet.dir, 'open.jwk.json')
  await copyFile(adminKey, copy)
  await chmod(copy, 0o644)
  const refused = await signet.run(['clients', 'list', '--key', copy])
  expect(refused).toEqual({
    code: 1,
    stdout: '',
    stderr: `The private key ${copy} can be read by others (mode 644): run "chmod 600 ${copy}".\n`,
  })
  await chmod(copy, 0o600)
  expect((await signet.run(['clients', 'list', '--key', copy])).code).toBe(0)
})

test.each([
  ['no JSON', 'x', 'is not JSON.'],
  ['no private key', '{"kty":"EC"}', 'is not a private JWK: it needs the members kty and d.'],
  ['a key that cannot sign', '{"kty":"EC","d":"x","crv":"P-256"}', 'The key cannot sign'],
])('refuses a key file with %s', async (_, content, sentence) => {
  const file = join(signet.dir, 'bad.jwk.json')
  await writeFile(file, content, { mode: 0o600 })
  const run = await signet.run(['clients', 'list', '--key', file])
  expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(sentence) })
})

test('says the words of the server when the key is not the registered one', async () => {
  await signet.json(['clients', 'create', '--profile', 'machine', '--generate-key', 'other.jwk.json'])
  const run = await signet.run(['clients', 'list', '--key', 'other.jwk.json'])
  expect(run).toMatchObject({ code: 1, stdout: '' })
  expect(run.stderr).toMatch(/^The client signet-cli got no token: .*\(invalid_client\)\.\n$/)
})

test('says the words of the server when it does not go by that name', async () => {
  const issuer = signet.server.issuer.replace('localhost', '127.0.0.1')
  const run = await signet.run(['clients', 'list', '--issuer', issuer])
  expect(run).toMatchObject({ code: 1, stdout: '' })
  expect(run.stderr).toMatch(new RegExp(`^No discovery document could be read at ${issuer}: .{20,}\n$`))
})

test('sends nothing to a server that calls itself otherwise', async () => {
  const asked: string[] = []
  const impostor = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const document = { issuer: signet.server.issuer, token_endpoint: `http://${request.headers.host}/token` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  })
  const port = await freePort()
  await new Promise<void>((resolve) => impostor.listen(port, '127.0.0.1', resolve))
  atEnd(() => impostor.close())
  const run = await signet.run(['clients', 'list', '--issuer', `http://127.0.0.1:${port}`])
  expect(run).toEqual({
    code: 1,
    stdout: '',
    stderr: `The server at http://127.0.0.1:${port} calls itself ${signet.server.issuer}: use --issuer with that URL.\n`,
  })
  expect(asked).toEqual(['GET /.well-known/openid-configuration'])
})

test('reads issuer and keys directory from .env, under the environment', async () => {
  const dir = temporaryDir('dotenv')
  await writeFile(
    join(dir, '.env'),
    `SIGNET_ISSUER=${signet.server.issuer}\nSIGNET_KEYS_DIR=${signet.server.keysDir}\n`,
  )
  const run = await runSignet(['clients', 'list'], { dir })
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('signet-cli') })
  const elsewhere = `http://localhost:${await freePort()}`
  const over = await runSignet(['clients', 'list'], { dir, env: { SIGNET_ISSUER: elsewhere } })
  expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining(elsewhere) })
})

test('takes PORT for the default issuer', async () => {
  const port = new URL(signet.server.issuer).port
  const run = await signet.run(['clients', 'list'], { env: { SIGNET_ISSUER: undefined, PORT: port } })
  expect(run.code).toBe(0)
})

test.each(['ftp://x', 'nowhere', 'https://id.example.com/?a=b'])(
  'refuses the issuer %s as wrong usage',
  async (issuer) => {
    const run = await signet.run(['clients', 'list', '--issuer', issuer])
    expect(run).toEqual({
      code: 2,
      stdout: '',
      stderr: `The issuer ${issuer} is not a URL such as https://id.example.com.\n`,
    })
  },
)

test('tells a refused token in the words of the server', async () => {
  const client = await signet.json(['clients', 'create', '--profile', 'machine', '--generate-key', 'bare.jwk.json'])
  const id = String(client.client_id)
  const token = ['token', '--client-id', id, '--key', 'bare.jwk.json', '--resource', 'https://unknown.example.com']
  const run = await signet.run(token)
  expect(run).toMatchObject({ code: 1, stdout: '' })
  expect(run.stderr).toMatch(new RegExp(`^The client ${id} got no token: .+ \\(invalid_target\\)\\.\n$`))
  const json = await signet.run([...token, '--json'])
  expect(JSON.parse(json.stderr)).toMatchObject({ error: 'invalid_target', error_description: expect.any(String) })
  expect(await signet.run(['token', '--client-id', id])).toEqual({
    code: 2,
    stdout: '',
    stderr: `Name the private key of ${id} by --key FILE.\n`,
  })
})

test('speaks to an issuer that has a path', async () => {
  const port = String(await freePort())
  const issuer = `http://localhost:${port}/tenants/a`
  const server = await startServer({ env: { SIGNET_ISSUER: issuer, PORT: port } })
  const env = { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: server.keysDir }
  const resource = 'https://api.example.com/v1/?a=b%20c'
  expect(await signet.json(['resources', 'create', resource, '--scope', 'read'], { env })).toMatchObject({ resource })
  expect(await signet.json(['resources', 'show', resource], { env })).toMatchObject({ resource })
  const token = (await signet.run(['token'], { env })).stdout.trimEnd()
  const answer = await server.fetch('/admin/v1/resources?limit=1', { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.json()).toMatchObject({ items: [{ resource }] })
  const problem = await server.fetch('/admin/v1/nowhere')
  expect(problem.headers.get('content-type')).toContain('application/problem+json')
  expect(await problem.json()).toMatchObject({ type: `${issuer}/docs/errors/not_found` })
})
