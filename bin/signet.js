#!/usr/bin/env node
/** Starts `signet` on a Node that can run it: this one, or the one that came with the packages. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST = [24, 7]
const FLAGS = ['--disable-warning=ExperimentalWarning', '--enable-source-maps']

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const able = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])

if (able) await run()
else startOther(packagedNode())

async function run() {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
  const { run: runProgram } = await import('../src/cli/program.ts')
  const code = await runProgram(process.argv.slice(2), async (env) => {
    const { serve } = await import('../src/main.ts')
    return serve(env)
  })
  process.exitCode = code
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
  const child = spawn(node, [...FLAGS, fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends its signals to the whole group; the child decides what they mean.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    process.on(signal, () => child.kill(signal))
  }
  child.on('error', (error) => {
    process.stderr.write(`Signet could not start ${node}: ${error.message}.\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal) process.exitCode = 128 + (signal === 'SIGKILL' ? 9 : 15)
    else process.exitCode = code ?? 1
  })
}
