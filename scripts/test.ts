/** All that CI checks: lint, format, types, unused code, the tests, foreign clients. Ends with `N passed, N failed`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules/.bin')
/** Everything together must be done after forty minutes; what runs longer is stopped and counts as failed. */
const DEADLINE = Date.now() + 40 * 60_000

interface Count {
  passed: number
  failed: number
  skipped: number
}

interface Ended {
  /** Null when a signal or the deadline ended it. */
  readonly code: number | null
  readonly output: string
  readonly seconds: string
}

/** Runs a command from the project's root; `show` passes its output on as it comes. */
function run(
  command: string,
  args: readonly string[],
  show: boolean,
  also: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const started = Date.now()
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...also, PATH: `${BIN}:${process.env['PATH'] ?? ''}` },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (show) process.stdout.write(chunk)
    })
  }
  return ended(child).then((code) => ({ code, output, seconds: ((Date.now() - started) / 1000).toFixed(1) }))
}

function ended(child: ChildProcess): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>()
  // the whole group, which is ours because the child leads it: first asked to end, then made to
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, name)
  }
  const stop = () => {
    signal('SIGTERM')
    setTimeout(signal, 10_000, 'SIGKILL').unref()
  }
  const timer = setTimeout(stop, Math.max(0, DEADLINE - Date.now()))
  const forward = () => {
    child.once('close', () => process.exit(130))
    stop()
  }
  process.once('SIGINT', forward).once('SIGTERM', forward)
  child.on('error', () => resolve(null))
  child.on('close', (code) => resolve(code))
  return promise.finally(() => {
    clearTimeout(timer)
    process.off('SIGINT', forward).off('SIGTERM', forward)
  })
}

/** The four checks that read the code, one after another beside the tests. */
async function checkCode(): Promise<Count> {
  const checks = [
    ['types', 'tsc', ['--noEmit']],
    ['lint', 'oxlint', ['--type-aware']],
    ['unused', 'knip', ['--no-progress', '--no-config-hints']],
    ['format', 'oxfmt', ['--check', '.']],
  ] as const
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const [name, command, args] of checks) {
    const { code, output, seconds } = await run(join(BIN, command), args, false)
    process.stdout.write(code === 0 ? `ok      ${name} (${seconds} s)\n` : `FAILED  ${name}\n${output}\n`)
    count[code === 0 ? 'passed' : 'failed'] += 1
  }
  return count
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/** The test files. One that could not be loaded, or an error outside any test, counts as a failed test. */
async function runTests(): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-test-'))
  const reportFile = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  // the whole run is also one on the oldest PostgreSQL that is supported
  const postgres = only ? {} : { SIGNET_TEST_POSTGRES: process.env['SIGNET_TEST_POSTGRES'] ?? 'all' }
  const { code } = await run(join(BIN, 'vitest'), ['run', ...reporters, ...process.argv.slice(2)], true, postgres)
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
    const failedFiles = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
    ).length
    const failed = report.numFailedTests + failedFiles
    return {
      passed: report.numPassedTests,
      failed: code !== 0 && failed === 0 ? 1 : failed,
      skipped: report.numPendingTests + report.numTodoTests,
    }
  } catch {
    process.stdout.write('The tests were stopped before they could report.\n')
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Clients written by others, where Python and its packages are installed. PyPI is left out, because its packages change. */
async function runInterop(): Promise<Count> {
  const python = process.env['PYTHON'] ?? '/usr/bin/python3'
  const { code: found } = await run(python, ['-c', 'import flask, authlib'], false)
  if (found !== 0) {
    process.stdout.write(`skipped interop: ${python} has no flask and authlib (python3-flask python3-authlib)\n`)
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const { code, output } = await run(process.execPath, ['scripts/test-interop.ts', '--system'], true)
  const summary = stripVTControlCharacters(output).match(/^ +Tests +(.*)$/m)?.[1] ?? ''
  const count = (word: string): number => Number(summary.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0)
  const { passed, failed } = { passed: count('passed'), failed: count('failed') }
  const unseen = failed === 0 && (code !== 0 || passed === 0)
  return { passed, failed: unseen ? 1 : failed, skipped: count('skipped') }
}

const only = process.argv.length > 2
const counts = only ? [await runTests()] : [...(await Promise.all([checkCode(), runTests()])), await runInterop()]
const sum = (of: keyof Count): number => counts.reduce((total, count) => total + count[of], 0)
const failed = sum('failed')
const skipped = sum('skipped')
process.stdout.write(`\n${sum('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed === 0 ? 0 : 1
