/** The MCP project's conformance tool: all scenarios for authorization servers, and those that the example can pass. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import type { Administrator } from '../../support/administrator.ts'
import { createApp } from '../../support/app.ts'
import { atEnd } from '../../support/endings.ts'
import { person } from '../../support/person.ts'
import { freePort } from '../../support/ports.ts'
import { register } from '../../support/registration.ts'
import { type Server, startServer, temporaryDir } from '../../support/server.ts'
import { ada, mcpWorld, READ, WRITE } from './mcp-world.ts'

const TOOL = join(import.meta.dirname, '../../../node_modules/@modelcontextprotocol/conformance/dist/index.js')
let server: Server
let admin: Administrator
let url: string

interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  readonly errorMessage?: string
}

beforeAll(async () => {
  const port = await freePort()
  server = await startServer({
    env: { PORT: String(port), SIGNET_ISSUER: `http://localhost:${port}/auth/main` },
  })
  ;({ admin, url } = await mcpWorld(server))
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
})

/** Runs the tool and returns its checks. Visits the authorization URL that it prints, as its user does. */
async function checksOf(command: string, args: readonly string[]): Promise<Check[]> {
  const folder = temporaryDir('mcp-conformance')
  const tool = spawn(process.execPath, [TOOL, command, ...args, '--output-dir', folder], { stdio: 'pipe' })
  atEnd(() => tool.kill('SIGKILL'))
  const output = followed(tool)
  const [code] = (await once(tool, 'close')) as [number | null]
  expect(code, await output).toBe(0)
  const files = globSync('**/checks.json', { cwd: folder })
  return files.flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Check[])
}

async function followed(tool: ChildProcess): Promise<string> {
  let output = ''
  let isVisited = false
  for await (const chunk of tool.stdout ?? []) {
    output += String(chunk)
    const url = /^(http\S*\/authorize\?\S+)\n/m.exec(output)?.[1]
    if (url === undefined || isVisited) continue
    isVisited = true
    await fetch(await person(() => server).authorize(url, ada))
  }
  return output
}

test(
  'metadata and the code grant pass all checks, for a client that has registered itself',
  { timeout: 30_000 },
  async () => {
    const port = await freePort()
    const { body } = await register(server, {
      client_name: 'Conformance',
      redirect_uris: [`http://127.0.0.1:${port}/callback`],
      token_endpoint_auth_method: 'none',
    })
    const client = ['--client-id', String(body['client_id']), '--port', String(port)]
    const checks = await checksOf('authorization', ['--url', server.issuer, ...client, '--resource', url])
    expect(checks.map(({ id, status, errorMessage }) => ({ id, status, errorMessage }))).toEqual(
      expect.arrayContaining([
        { id: 'authorization-server-metadata', status: 'SUCCESS', errorMessage: undefined },
        { id: 'authorization-server-metadata-cimd', status: 'SUCCESS', errorMessage: undefined },
        { id: 'authorization-code-grant', status: 'SUCCESS', errorMessage: undefined },
      ]),
    )
    // what a later version of the tool adds is asked for here as well
    expect(new Set(checks.map(({ status }) => status))).toEqual(new Set(['SUCCESS']))
  },
)

test('those are all scenarios that the tool has for authorization servers, and they are for each revision', async () => {
  const tool = spawn(process.execPath, [TOOL, 'list', '--authorization'], { stdio: 'pipe' })
  const lines = (await text(tool.stdout)).split('\n').filter((line) => line.startsWith('  - '))
  expect(lines).toHaveLength(2)
  for (const scenario of ['authorization-server-metadata-endpoint', 'authorization-code-grant']) {
    const line = lines.find((one) => one.includes(scenario))
    for (const revision of ['2025-06-18', '2025-11-25', '2026-07-28']) expect(line).toContain(revision)
  }
})

/** Passes requests on to the example with an access token, which the tool cannot send. */
async function withToken(token: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const proxy = createServer((incoming, response) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${token}` }
    const to = { hostname, port, path: incoming.url, method: incoming.method, headers }
    incoming.pipe(request(to, (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))))
  })
  proxy.listen(0, 'localhost')
  await once(proxy, 'listening')
  atEnd(() => (proxy.closeAllConnections(), proxy.close()))
  return `http://localhost:${(proxy.address() as AddressInfo).port}/mcp`
}

test('the example passes the scenarios for servers that ask for no tools of their own', async () => {
  const machine = await admin.client('machine', { signet_allow: [{ resource: url, scopes: [READ, WRITE] }] })
  const { body } = await createApp(server, machine, '').token({ grant_type: 'client_credentials', resource: url })
  const through = await withToken(body['access_token'] ?? '')
  const scenarios = ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection']
  const checks = await Promise.all(
    scenarios.map((scenario) => checksOf('server', ['--url', through, '--scenario', scenario])),
  )
  for (const [index, of] of checks.entries()) expect(of, scenarios[index]).not.toHaveLength(0)
  expect(checks.flat().filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO')).toEqual([])
})
