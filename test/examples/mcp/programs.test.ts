/** The example MCP server and its client as programs, set up by the commands of their README, and what `--mcp` prints. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import { startSignet } from '../../cli/support/signet.ts'
import { PASSWORD } from '../../support/administrator.ts'
import { atEnd } from '../../support/endings.ts'
import { person } from '../../support/person.ts'
import { freePort } from '../../support/ports.ts'
import { temporaryDir } from '../../support/server.ts'
import { memory, SDKS, signIn } from './mcp-world.ts'

const ROOT = join(import.meta.dirname, '../../..')
const EXAMPLE = join(ROOT, 'examples/mcp')
const ada = { email: 'ada@example.com', password: PASSWORD }
const signet = await startSignet()
const { server } = signet

beforeAll(async () => {
  await signet.run(['settings', 'set', 'client_registration.mode=open'])
  const account = ['accounts', 'create', '--email', ada.email, '--name', 'Ada Lovelace', '--password-stdin']
  expect(await signet.run(account, { input: ada.password })).toMatchObject({ code: 0 })
})

/** Registers a URL of this machine by `--mcp`, and returns what the command prints. */
async function register(scopes: readonly string[] = []) {
  const port = await freePort()
  const url = `http://localhost:${port}/mcp`
  const words = scopes.flatMap((scope) => ['--scope', scope])
  const { code, stdout } = await signet.run(['resources', 'create', url, '--name', 'Notes', '--mcp', ...words])
  expect(code).toBe(0)
  return { port, url, printed: stdout }
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const settings = { PATH: process.env['PATH'], SIGNET_ISSUER: server.issuer, ...env }
  const child = spawn(process.execPath, args, { env: settings, stdio: 'pipe' })
  atEnd(() => child.kill('SIGKILL'))
  return child
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(child.stdout as NodeJS.EventEmitter, 'data')) as [Buffer]
  return String(line)
}

/** The person opens each address that the client prints. Returns all that it printed. */
async function followed(client: ChildProcess): Promise<string> {
  const browser = person(() => server)
  const visited = new Set<string>()
  let output = ''
  for await (const chunk of client.stdout ?? []) {
    output += String(chunk)
    for (const [, url = ''] of output.matchAll(/^(http\S+)\n/gm)) {
      if (visited.has(url)) continue
      visited.add(url)
      const answer = await fetch(await browser.authorize(url, ada))
      expect(await answer.text()).toBe('Done. Go back to the terminal.')
    }
  }
  return output
}

test('the client is told a URL, signs a person in, and asks them again for the tool that writes', async () => {
  const { port, url } = await register(['notes:read=Read your notes', 'notes:write=Add notes'])
  const mcp = start([join(EXAMPLE, 'start.ts')], { PORT: String(port) })
  expect(await firstLine(mcp)).toBe(`The MCP server listens for ${url}\n`)
  const client = start([join(EXAMPLE, 'client.ts'), url])
  const complaints = text(client.stderr as NodeJS.ReadableStream)
  const ended = once(client, 'close')
  const output = await followed(client)
  expect(await ended, await complaints).toEqual([0, null])
  expect(output.match(/Open this address/g)).toHaveLength(2)
  expect(output).toMatch(/\nTools: list_notes, add_note\n[^]*\nAdded\. You have 1 of 100 notes\.\nBuy milk\n$/)

  const key = join(signet.dir, 'robot.jwk.json')
  const allowed = ['--allow', `${url}=notes:read`, '--allow', `${url}=notes:write`]
  const create = ['clients', 'create', '--profile', 'machine', '--name', 'Robot', '--generate-key', key, ...allowed]
  const { client_id: id } = await signet.json<{ client_id: string }>(create)
  const robot = start([join(EXAMPLE, 'client.ts'), url], { CLIENT_ID: id, CLIENT_KEY: key })
  expect(await text(robot.stdout as NodeJS.ReadableStream)).toBe(
    'Tools: list_notes, add_note\nAdded. You have 1 of 100 notes.\nBuy milk\n',
  )
  mcp.kill('SIGTERM')
  expect(await once(mcp, 'exit')).toEqual([0, null])
})

test('what --mcp prints protects a server that it is pasted into', async () => {
  const { port, url, printed } = await register()
  const pasted = /\n( {2}import [^]*\n {2}\)\n)/.exec(printed)?.[1]
  expect(pasted).toContain('requireAccessToken({')
  const folder = temporaryDir('pasted')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/signet'))
  symlinkSync(join(ROOT, 'node_modules/express'), join(folder, 'node_modules/express'))
  const program = [
    "import express from 'express'",
    `import { answerMcp } from ${JSON.stringify(join(EXAMPLE, 'app.ts'))}`,
    'const app = express()',
    pasted,
    "app.post('/mcp', express.json(), answerMcp)",
    `app.listen(${port}, 'localhost', () => console.log('ready'))`,
  ]
  writeFileSync(join(folder, 'server.mjs'), program.join('\n'))
  const mcp = start([join(folder, 'server.mjs')])
  expect(await firstLine(mcp)).toBe('ready\n')
  for (const sdkOf of Object.values(SDKS)) {
    const provider = memory()
    const sdk = sdkOf(url, provider)
    await signIn(server, sdk, provider)
    expect(await sdk.tools()).toEqual(['list_notes', 'add_note'])
  }
  // what a server in another language is to answer is what this one answers
  const refused = await fetch(url, { method: 'POST' })
  expect(refused.status).toBe(401)
  expect(printed).toContain(`WWW-Authenticate: ${refused.headers.get('www-authenticate')}`)
  const published = /^ {2}(\{"resource".*\})$/m.exec(printed)?.[1] ?? ''
  const metadata = await fetch(/publishes this at (\S+):/.exec(printed)?.[1] ?? '')
  expect(await metadata.json()).toMatchObject(JSON.parse(published) as object)
})
