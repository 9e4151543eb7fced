/** Runs `npm run demo` as from a terminal: on free ports, with its own data directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { atEnd } from './endings.ts'
import { freePort } from './ports.ts'
import { temporaryDir } from './server.ts'
import { eventually } from './eventually.ts'

const ROOT = join(import.meta.dirname, '../..')
const START_TIMEOUT_MS = 60_000

export interface Demo {
  readonly issuer: string
  readonly app: string
  readonly api: string
  /** The environment of the demo, for commands against its server. */
  readonly env: Readonly<Record<string, string>>
  /** Starts or restarts the demo and waits until it reports that it is ready. */
  start(): Promise<{ output: string; email: string; password: string }>
  /** Sends SIGINT to all processes, as Ctrl-C does. Resolves with the output. */
  interrupt(): Promise<string>
  /** Sends SIGTERM to npm only, as a supervisor does. */
  terminate(): Promise<void>
}

export async function createDemo(): Promise<Demo> {
  const [port, management, appPort, apiPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const folder = temporaryDir('demo')
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    PORT: String(port),
    SIGNET_MANAGEMENT_PORT: String(management),
    DEMO_APP_PORT: String(appPort),
    DEMO_API_PORT: String(apiPort),
    SIGNET_DATA_DIR: join(folder, 'data'),
    SIGNET_KEYS_DIR: join(folder, 'keys'),
  }
  let child: ChildProcess | undefined
  let output = ''

  function signal(name: NodeJS.Signals): void {
    if (child?.pid === undefined) return
    try {
      process.kill(-child.pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  atEnd(() => signal('SIGKILL'))
  return {
    issuer: `http://localhost:${port}`,
    app: `http://localhost:${appPort}`,
    api: `http://localhost:${apiPort}`,
    env,
    async start() {
      output = ''
      // Its own process group, as a shell creates for a job.
      const started = spawn('npm', ['run', 'demo'], {
        cwd: ROOT,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      child = started
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (output += text))
      }
      const hasStarted = () => output.includes('Ctrl-C') || started.exitCode !== null
      await eventually(hasStarted, START_TIMEOUT_MS, () => `the demo did not start:\n${output}`)
      const [, email = '', password = ''] = /E-mail +(\S+)\s+Password +(\S+)/.exec(output) ?? []
      if (password === '') throw new Error(`the demo did not start:\n${output}`)
      return { output, email, password }
    },
    async interrupt() {
      const ended = child && once(child, 'close')
      signal('SIGINT')
      await ended
      return output
    },
    async terminate() {
      const ended = child && once(child, 'close')
      child?.kill('SIGTERM')
      await ended
    },
  }
}
