/**
 * Foreign clients against a live server: `npm run test:interop`. The Flask program runs with the packages of the system
 * and, without `--system`, with the newest from PyPI; then Apache with mod_auth_openidc, and oidc-agent. Each is skipped,
 * with one line, where it is not available.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'

const flask = fileURLToPath(import.meta.resolve('../test/interop/flask-authlib.interop.ts'))
const apache = fileURLToPath(import.meta.resolve('../test/interop/mod-auth-openidc.interop.ts'))
const agent = fileURLToPath(import.meta.resolve('../test/interop/oidc-agent.interop.ts'))
const python = process.env['PYTHON'] ?? '/usr/bin/python3'

const folder = mkdtempSync(join(tmpdir(), 'signet-interop-'))
try {
  if (runs(python, '-c', 'import flask, authlib')) await testFlask(python)
  else console.log(`skipped: ${python} has no flask and authlib (apt install python3-flask python3-authlib)`)

  if (!process.argv.includes('--system')) await testNewest()

  if (existsSync('/usr/lib/apache2/modules/mod_auth_openidc.so')) await test(apache)
  else console.log('skipped: there is no mod_auth_openidc (apt install libapache2-mod-auth-openidc)')

  if (runs('oidc-agent', '--version')) await test(agent)
  else console.log('skipped: there is no oidc-agent (apt install oidc-agent-cli)')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function testNewest(): Promise<void> {
  const own = join(folder, 'bin/python3')
  const isInstalled =
    runs(python, '-m', 'venv', folder) && runs(own, '-m', 'pip', 'install', '-q', 'flask', 'authlib', 'requests')
  if (isInstalled) await testFlask(own)
  else console.log(`skipped: ${python} cannot make a virtual environment with flask, authlib and requests from PyPI`)
}

function runs(command: string, ...options: readonly string[]): boolean {
  return spawnSync(command, options).status === 0
}

async function testFlask(interpreter: string): Promise<void> {
  const versions = 'from importlib.metadata import version as v; print("Flask", v("flask"), "Authlib", v("authlib"))'
  console.log(`with ${String(spawnSync(interpreter, ['-c', versions]).stdout).trim()} (${interpreter})`)
  process.env['PYTHON'] = interpreter
  await test(flask)
}

async function test(file: string): Promise<void> {
  // not named `.test.ts`: the other tests need nothing that npm does not install
  const root = join(import.meta.dirname, '..')
  const vitest = await startVitest('test', [], { root, include: [file], watch: false })
  await vitest.close()
}
