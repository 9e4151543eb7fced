/** What the faults left behind, as a table for the terminal and as a page of the documentation. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Result } from './harness.ts'

export interface Run {
  readonly date: string
  readonly commit: string
  readonly seed: number
  readonly results: readonly Result[]
}

/** One line for a result. */
export function lineOf({ fault, skipped, operations, recoveredMs, notes, violations, seconds }: Result): string {
  if (skipped !== undefined) return `${fault.id.padEnd(4)} ${fault.name}: skipped, ${skipped}`
  const { ok, fail, unknown } = operations
  const recovered = recoveredMs === undefined ? '' : `, normal after ${(recoveredMs / 1000).toFixed(1)} s`
  const said = notes.length === 0 ? '' : `; ${notes.join('; ')}`
  const verdict = violations.length === 0 ? 'survived' : `${violations.length} VIOLATIONS`
  return `${fault.id.padEnd(4)} ${fault.name}: ${verdict} (${ok} ok, ${fail} refused, ${unknown} unknown${recovered}, ${seconds.toFixed(0)} s${said})`
}

const START = (section: string) => `<!-- ${section}:start -->`
const END = (section: string) => `<!-- ${section}:end -->`

/** Writes the run into its section of the page; the others stay. */
export function writePage(file: string, section: 'faults' | 'crash-loop', run: Run): void {
  const page = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const from = page.indexOf(START(section))
  const to = page.indexOf(END(section))
  if (from === -1 || to === -1) throw new Error(`${file} has no section ${section}`)
  writeFileSync(file, page.slice(0, from) + `${START(section)}\n\n${sectionOf(run)}\n\n` + page.slice(to))
}

function sectionOf({ date, commit, seed, results }: Run): string {
  const done = results.filter(({ skipped }) => skipped === undefined)
  const operations = done.reduce((sum, { operations: { ok, fail, unknown } }) => sum + ok + fail + unknown, 0)
  const violations = results.flatMap((result) => result.violations)
  const figures = [
    ['date', date],
    ['commit', `\`${commit}\``],
    ['seed', String(seed)],
    ['operations', String(operations)],
    ['faults survived', `${done.filter((result) => result.violations.length === 0).length} of ${results.length}`],
    ['violations', violations.length === 0 ? 'none' : String(violations.length)],
  ]
  return [
    table(['', ''], figures),
    table(
      ['', 'fault', 'answered', 'refused', 'unknown', 'normal after', 'violations', 'seen'],
      results.map(({ fault, skipped, operations: { ok, fail, unknown }, ...result }) => [
        fault.id,
        fault.name,
        ...(skipped === undefined ? [String(ok), String(fail), String(unknown)] : ['', '', '']),
        result.recoveredMs === undefined ? '' : `${(result.recoveredMs / 1000).toFixed(1)} s`,
        skipped === undefined ? String(result.violations.length || 'none') : 'skipped',
        skipped ?? result.notes.join('; '),
      ]),
    ),
  ].join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
