/** Runs every command block of the README and the documentation, in order, in a fresh copy of the tree. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Block, blocksOf, openShell, type Shell, staysOpen } from '../support/docs/command-blocks.ts'
import { copyTree, emptyFolder, ROOT, treeFiles } from '../support/docs/tree-copy.ts'
import { freePort } from '../support/ports.ts'
import { TRIES_ALL } from '../support/sample.ts'

/** What a reader has: not the variables of this test run. */
const KEPT = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'npm_config_cache', 'npm_config_registry']
/** How a command ends on Ctrl-C: by its own exit, or as the shell tells it. */
const INTERRUPTED = [0, 130, 'SIGINT']
const folder = emptyFolder('readme')
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const others = treeFiles().filter((path) => path.startsWith('docs/') && path.endsWith('.md'))

let shell: Shell
let replaced: (code: string) => string

beforeAll(async () => {
  copyTree(folder)
  if (!TRIES_ALL) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const ports = { server: await freePort(), management: await freePort(), app: await freePort(), api: await freePort() }
  const usual: [string, number][] = [
    ['localhost:3000', ports.server],
    ['localhost:4000', ports.app],
    ['localhost:4001', ports.api],
  ]
  replaced = (code) =>
    usual
      .reduce((text, [address, port]) => text.replaceAll(address, `localhost:${port}`), code)
      // the tests of the tree would run this test again
      .replace(/\bnpm test\b(?! --)/g, 'npm test -- test/architecture.test.ts')
      // whoever runs this test has just installed the packages by this command
      .replace(/\bnpm ci && /g, TRIES_ALL ? '$&' : '')
  shell = openShell(folder, {
    ...Object.fromEntries(KEPT.map((name) => [name, process.env[name]])),
    PORT: String(ports.server),
    SIGNET_MANAGEMENT_PORT: String(ports.management),
    DEMO_APP_PORT: String(ports.app),
    DEMO_API_PORT: String(ports.api),
    // the packages that this checkout was installed from need not be fetched again
    npm_config_prefer_offline: 'true',
  })
})

async function follow(block: Block): Promise<string> {
  const code = replaced(block.code)
  if (!staysOpen(block)) return shell.run(code)
  // the document says to stop what runs before the next is started
  expect([undefined, ...INTERRUPTED]).toContain(await shell.interrupt())
  const address = /demo/.test(code)
    ? 'http://localhost:4000/'
    : 'http://localhost:3000/.well-known/openid-configuration'
  await shell.open(code, replaced(address))
  return ''
}

describe('README.md', () => {
  const blocks = blocksOf(readme)
  const commands = blocks.filter(({ language }) => language === 'sh')

  test('has the two commands and a tour for each of the three users', () => {
    expect(commands[0]?.code).toBe('npm ci && npm start\n')
    expect(commands[1]?.code).toBe('npm test\n')
    expect(readme.match(/^## Five minutes as an? .+$/gm)).toHaveLength(3)
    expect(commands.length).toBeGreaterThan(8)
  })

  test.each(commands)('the commands of line $line run', { timeout: 300_000 }, async (block) => {
    const said = await follow(block)
    if (/npm test/.test(block.code)) expect(said).toMatch(/^\d+ passed, 0 failed$/m)
    if (/signet token/.test(block.code))
      expect(decodeJwt(said.trim())).toMatchObject({ aud: 'https://api.example.com' })
    if (/clients disable/.test(block.code)) expect(said).toMatch(/Disabled[^]*Enabled/)
    if (/accounts list/.test(block.code)) expect(said).toContain('ada@example.com')
    if (/audit list/.test(block.code)) expect(said).toContain('resource')
    if (/keys list/.test(block.code)) expect(said).toContain('retired')
    const next = commands[commands.indexOf(block) + 1]
    if (next && staysOpen(next)) await theProgramGetsItsToken()
  })

  /** The JavaScript of the README, with the client id that the commands before it printed. */
  async function theProgramGetsItsToken(): Promise<void> {
    const program = blocks.find(({ language }) => language === 'js')?.code ?? ''
    const { client_id: id } = JSON.parse(readFileSync(join(folder, 'billing.json'), 'utf8')) as { client_id: string }
    const code = `${replaced(program).replace('THE-CLIENT-ID', id)}\nconsole.log(access_token)\n`
    writeFileSync(join(folder, 'machine.mjs'), code)
    const token = await shell.run(`"${process.execPath}" machine.mjs`)
    expect(decodeJwt(token.trim())).toMatchObject({ sub: id, scope: 'posts:read' })
  }

  test('what was started stops in order', { timeout: 60_000 }, async () => {
    expect(INTERRUPTED).toContain(await shell.interrupt())
  })
})

test.each(others)('the commands of %s run', { timeout: 120_000 }, async (path) => {
  const commands = blocksOf(readFileSync(join(ROOT, path), 'utf8')).filter(({ language }) => language === 'sh')
  for (const block of commands) await follow(block)
})
