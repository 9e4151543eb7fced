#!/usr/bin/env node
/** Starts `signet` on a Node that can run it: this one, or the one that came with the packages. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST = [24, 7]
const FLAGS = ['--disable-warning=ExperimentalWarning', '--enable-source-maps', '--disable-sigusr1']
/** Said by this launcher to the process it starts: end when I am gone. */
const LAUNCHED = 'signet: launched'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const able = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])

if (able) await run()
else startOther(packagedNode())

async function run() {
  refuseDebugger()
  endWithLauncher()
  hideExperimentalWarnings()
  const { enableCompileCache } = await import('node:module')
  const packages = fileURLToPath(new URL('../node_modules', import.meta.url))
  // Beside the packages, which belong to whoever installed them: a folder that all users may write to is no place for code.
  if (existsSync(packages)) enableCompileCache(join(packages, '.cache', 'signet'))
  const { run: runProgram } = await import('../src/cli/run.ts')
  let served = false
  const code = await runProgram(process.argv.slice(2), async (env) => {
    served = true
    const { serve } = await import('../src/main.ts')
    return serve(env)
  })
  // A server that has drained ends now, whatever a library still holds open.
  if (served) process.exit(code)
  process.exitCode = code
}

/** Does what --disable-sigusr1 does, when Node was started without it: SIGUSR1 would open a debugger. */
function refuseDebugger() {
  process.on('SIGUSR1', () => {})
}

/** What the flag --disable-warning=ExperimentalWarning does, for a Node that was started without it. */
function hideExperimentalWarnings() {
  const [print] = process.listeners('warning')
  if (!print) return
  process.removeListener('warning', print)
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') print(warning)
  })
}

function endWithLauncher() {
  if (!process.channel) return
  process.once('message', (message) => {
    if (message === LAUNCHED) process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  })
  process.channel.unref()
}

/** The Node that the package `node` brought with `npm ci`, if it is there. */
function packagedNode() {
  try {
    const root = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    const path = join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** Runs the same command line on another Node, handing on signals, streams and the exit code. */
function startOther(node) {
  if (!node) {
    process.stderr.write(
      `Signet needs Node ${OLDEST.join('.')} or newer and this is ${process.version}: ` +
        'run "npm ci" in the checkout, which brings one, or install a newer Node.\n',
    )
    process.exitCode = 1
    return
  }
  const args = [...FLAGS, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  child.send(LAUNCHED)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`Signet could not start ${node}: ${error.message}.\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1))
  })
}
