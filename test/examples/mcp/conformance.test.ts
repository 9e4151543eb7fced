/** The MCP project's conformance tool runs its scenarios for authorization servers: no failure, no warning. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../../support/administrator.ts'
import { atEnd } from '../../support/endings.ts'
import { person } from '../../support/person.ts'
import { freePort } from '../../support/ports.ts'
import { register } from '../../support/registration.ts'
import { type Server, startServer, temporaryDir } from '../../support/server.ts'

const TOOL = join(import.meta.dirname, '../../../node_modules/@modelcontextprotocol/conformance/dist/index.js')
const MCP = 'https://mcp.example.com/mcp'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator

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
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'open' } })
  await admin.resource(MCP, ['mcp:tools'], { open_scopes: ['mcp:tools'] })
})

/** Runs the tool and returns its checks. Visits the authorization URL that it prints, as its user does. */
async function checksOf(args: readonly string[]): Promise<Check[]> {
  const folder = temporaryDir('mcp-conformance')
  const tool = spawn(process.execPath, [TOOL, 'authorization', ...args, '--output-dir', folder], { stdio: 'pipe' })
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
    const checks = await checksOf(['--url', server.issuer, ...client, '--resource', MCP])
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
