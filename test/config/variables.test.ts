/** Each row of the table of variables holds what the docs promise of it, and something reads its value. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { envExample } from '#config/reference.ts'
import { VARIABLES } from '#config/variables.ts'
import type { Variable } from '#config/variable.ts'

const ROOT = join(import.meta.dirname, '../..')
const ROWS = Object.entries<Variable>(VARIABLES)

test('each example is a value that its variable takes', () => {
  const given = parseEnv(envExample().replaceAll(/^# (?=[A-Z_]+=)/gm, ''))
  for (const [name, variable] of ROWS) {
    expect(() => variable.parse(given[name] ?? ''), name).not.toThrow()
    expect(given[name], name).toBe(variable.example)
  }
})

test('no two variables have the same member', () => {
  expect(new Set(ROWS.map(([, { member }]) => member)).size).toBe(ROWS.length)
})

/** The rows of variables, and the rules between them, use no value. */
const NO_READERS = ['src/config/variables.ts', 'src/config/cross-checks.ts']
const code = globSync('src/**/*.ts', { cwd: ROOT })
  .filter((path) => !NO_READERS.includes(path))
  .map((path) => readFileSync(join(ROOT, path), 'utf8').replaceAll(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, ''))
  .filter((text) => /\b(?:Config|Secrets|Loaded|loadConfig|config|secrets|values)\b/.test(text))
  .join('\n')

/** As `config.member` and its like, taken apart from it, or as the given value of the variable. */
function isRead(name: string, member: string): boolean {
  const reads = [
    String.raw`\b(?:config|secrets|plain)\.${member}\b`,
    String.raw`\{[^{}]*\b${member}\b[^{}]*\}(?: = |: Pick<)[^=\n]*(?:config|Config|secrets|Secrets|plain)\b`,
    String.raw`\bvalues\.${name}\b`,
  ]
  return new RegExp(reads.join('|')).test(code)
}

test('something reads each variable, unless its row says that nothing does yet', () => {
  const unread = ROWS.filter(([name, { member }]) => !isRead(name, member))
  const saidUnused = ROWS.filter(([, { isUnused }]) => isUnused)
  expect(unread.map(([name]) => name)).toEqual(saidUnused.map(([name]) => name))
})
