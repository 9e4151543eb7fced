/** Runs the commands of the Flask example's README, in a copy of its folder, against a live server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { type Server, temporaryDir } from '../support/server.ts'
import { eventually } from '../support/eventually.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLE = join(ROOT, 'examples/flask-authlib')
const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'

export interface FlaskProgram {
  /** Where the app is reached. */
  readonly url: string
  readonly folder: string
  /** Runs the README's commands under a heading to their end. */
  run(heading: string): Promise<void>
  /** Starts the app by the last command block under a heading and waits until it answers. */
  start(heading: string, further?: Readonly<Record<string, string>>): Promise<void>
  stop(): Promise<void>
}

export async function flaskProgram(server: Server): Promise<FlaskProgram> {
  const folder = temporaryDir('flask')
  cpSync(EXAMPLE, folder, { recursive: true, filter: (path) => !/__pycache__|\.venv|\.json$|\.token$/.test(path) })
  // What "in the checkout" gives: npx finds signet. And python3 is the one that has the packages.
  const bin = join(folder, 'node_modules/.bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(join(ROOT, 'bin/signet.js'), join(bin, 'signet'))
  // no symlink: Python finds the packages of a virtual environment by the path that it was started with
  writeFileSync(join(bin, 'python3'), `#!/bin/sh\nexec '${PYTHON}' "$@"\n`, { mode: 0o755 })
  const port = await freePort()
  const url = `http://localhost:${port}`
  const env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    PORT: String(port),
    PYTHONDONTWRITEBYTECODE: '1',
    SIGNET_ISSUER: server.issuer,
    SIGNET_KEYS_DIR: server.keysDir,
  }
  let app: ChildProcess | undefined

  function shell(commands: string, further: Readonly<Record<string, string>> = {}): ChildProcess {
    const script = `set -eu\n${commands.replaceAll('http://localhost:5000', url)}`
    return spawn('bash', ['-c', script], {
      cwd: folder,
      env: { ...env, ...further },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
  }

  async function stop(): Promise<void> {
    if (app?.pid === undefined || app.exitCode !== null || app.signalCode !== null) return
    const ended = once(app, 'exit')
    process.kill(-app.pid, 'SIGTERM')
    await ended
  }

  atEnd(stop)
  return {
    url,
    folder,
    async run(heading) {
      for (const block of commandBlocks(heading)) {
        if (block.includes('app.py')) continue
        const child = shell(block)
        const output = [child.stdout, child.stderr].map(async (stream) => (stream ? text(stream) : ''))
        const [code] = (await once(child, 'close')) as [number | null]
        if (code !== 0) throw new Error(`${block}\nended with ${code}: ${(await Promise.all(output)).join('')}`)
      }
    },
    async start(heading, further) {
      const block = commandBlocks(heading).at(-1) ?? ''
      app = shell(block, further)
      let output = ''
      for (const stream of [app.stdout, app.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
      const silence = () => `the Flask app did not start: ${output}`
      const answersOrHasEnded = async () =>
        app?.exitCode !== null || (await fetch(url).catch(() => undefined))?.ok === true
      await eventually(answersOrHasEnded, 20_000, silence)
      if (app.exitCode !== null) throw new Error(silence())
    },
    stop,
  }
}

/** The `sh` blocks of one section of the README. */
function commandBlocks(heading: string): string[] {
  const readme = readFileSync(join(EXAMPLE, 'README.md'), 'utf8')
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`the README has no section ${heading}`)
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '')
}
