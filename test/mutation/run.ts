/**
 * `npm run mutate`: makes one small change at a time in the functions of `targets.ts`, and runs the tests that cover it.
 * A change that no test notices is a survivor, which needs a test or a line in `survivors.ts`. `--only TEXT` selects the
 * targets whose file name contains the text.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { rangeOf } from './ranges.ts'
import { EXPLAINED } from './survivors.ts'
import { TARGETS } from './targets.ts'

interface Position {
  readonly line: number
  readonly column: number
}

interface Mutant {
  readonly mutatorName: string
  readonly replacement: string
  readonly status: 'Killed' | 'Survived' | 'NoCoverage' | 'Timeout' | 'RuntimeError' | 'CompileError' | 'Ignored'
  readonly location: { readonly start: Position; readonly end: Position }
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>
}

const ROOT = join(import.meta.dirname, '../..')
const STRYKER = join(import.meta.dirname, 'node_modules/.bin/stryker')
/** A run that takes longer is stopped. */
const MAX_MS = 2 * 3_600_000

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const started = Date.now()
const folder = mkdtempSync(join(tmpdir(), 'signet-mutate-'))
try {
  install()
  const survivors = judge(mutate(targeted(values.only)))
  process.stdout.write(`\n${((Date.now() - started) / 60_000).toFixed(1)} minutes\n`)
  process.exitCode = survivors === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Stryker has its own lock file, so that `npm ci` in the checkout does not install it. */
function install(): void {
  if (existsSync(STRYKER)) return
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: 'inherit' })
  if (status !== 0) throw new Error('Stryker could not be installed')
}

function targeted(only: string): string[] {
  const chosen = TARGETS.filter(({ file }) => file.includes(only))
  if (chosen.length === 0) throw new Error(`no target has ${only} in its file name`)
  return chosen.flatMap(({ file, functions }) => {
    const source = readFileSync(join(ROOT, file), 'utf8')
    return functions.map((name) => `${file}:${rangeOf(source, name)}`)
  })
}

function mutate(ranges: readonly string[]): Report {
  const report = join(folder, 'mutation.json')
  const config = {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    mutate: ranges,
    // Tests of refusals compare whole messages; a mutant of each string would only repeat them.
    mutator: { excludedMutations: ['StringLiteral'] },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    timeoutMS: 60_000,
    reporters: ['clear-text', 'json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    clearTextReporter: { reportTests: false, reportMutants: false, allowColor: false, logTests: false },
    // Stryker reads tsconfig.json through an API that TypeScript 7 does not have; the tests need no tsconfig.
    tsconfigFile: 'none.json',
    tempDirName: 'dist/mutation',
    ignorePatterns: ['dist', 'docs', 'bench', 'keys'],
    allowConsoleColors: false,
  }
  const file = join(folder, 'stryker.json')
  writeFileSync(file, JSON.stringify(config))
  const env = { ...process.env, SIGNET_MUTATE_ONLY: values.only }
  const { status } = spawnSync(STRYKER, ['run', file], { cwd: ROOT, env, stdio: 'inherit', timeout: MAX_MS })
  if (status !== 0) throw new Error('Stryker did not finish')
  return JSON.parse(readFileSync(report, 'utf8')) as Report
}

/** Prints the figures for docs/reliability.md and the survivors; returns how many of these have no explanation. */
function judge({ files }: Report): number {
  const rows: string[] = []
  const unexplained: string[] = []
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const alive = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    const open = alive.filter((mutant) => !isExplained(file, source, mutant))
    const counted = mutants.filter(({ status }) => !['RuntimeError', 'CompileError', 'Ignored'].includes(status))
    rows.push(`| \`${file}\` | ${counted.length} | ${counted.length - alive.length} | ${alive.length - open.length} |`)
    for (const mutant of open) {
      const at = `${file}:${mutant.location.start.line}`
      unexplained.push(`${at} ${mutant.mutatorName}: ${textAt(source, mutant)} → ${mutant.replacement}`)
    }
  }
  const head = ['| file | changes | noticed | explained |', '|---|--:|--:|--:|']
  process.stdout.write(`\n${[...head, ...rows].join('\n')}\n`)
  process.stdout.write(`\n${unexplained.length} survivors without an explanation\n${unexplained.join('\n')}\n`)
  return unexplained.length
}

function isExplained(file: string, source: string, mutant: Mutant): boolean {
  const line = source.split('\n')[mutant.location.start.line - 1]?.trim()
  const text = textAt(source, mutant)
  return EXPLAINED.some(
    ([path, code, replacement]) =>
      path === file && replacement === mutant.replacement && (code === text || code === line),
  )
}

/** Returns the changed text on one line. Lines and columns are counted from 1. */
function textAt(source: string, { location: { start, end } }: Mutant): string {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const last = lines.length - 1
  lines[last] = (lines[last] ?? '').slice(0, end.column - 1)
  lines[0] = (lines[0] ?? '').slice(start.column - 1)
  return lines.join(' ').replaceAll(/\s+/g, ' ')
}
