/** docs/standards.md names what a running server announces, and nothing else. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from '../support/docs/tree-copy.ts'
import { startServer } from '../support/server.ts'

const ROWS = ['supported', 'refused', 'turn on', 'discovery', 'tests']
/** List members whose every value is named on the page. */
const VALUES_NAMED =
  /^(grant_types|response_types|response_modes|code_challenge_methods|prompt_values|scopes|subject_types|acr_values|claim_types)_supported$|_auth_methods_supported$|_(alg|enc)_values_supported$/

const page = readFileSync(join(ROOT, 'docs/standards.md'), 'utf8')
const sections = page
  .split('\n## ')
  .slice(1)
  .filter((section) => !section.startsWith('Not there'))
  .map((section) => ({
    title: section.split('\n')[0] ?? '',
    rows: Object.fromEntries(
      [...section.matchAll(/^\| ([a-z ]+) \| (.+) \|$/gm)].map(([, name, text]) => [name, text]),
    ),
  }))
let metadata: Record<string, unknown>

beforeAll(async () => {
  const server = await startServer()
  metadata = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<string, unknown>
})

function inCode(text = ''): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '')
}

/** The names in code before a row's brackets, which hold values. */
function membersOf(text = ''): string[] {
  return inCode(text.replace(/\([^)]*\)/g, ''))
}

test('each section says what is supported, refused, how to turn it on, where it is announced and tested', () => {
  expect(sections.length).toBeGreaterThan(10)
  for (const { title, rows } of sections) expect(Object.keys(rows), title).toEqual(ROWS)
})

test('the page names every member of discovery, and none that the server does not announce', () => {
  const named = sections.flatMap(({ rows }) => membersOf(rows['discovery']))
  expect(named.length).toBeGreaterThan(20)
  expect(Object.keys(metadata).filter((member) => !named.includes(member))).toEqual([])
  // a row may say "with <setting>: `member`" for what a server announces only then
  const conditional = new Set(sections.flatMap(({ rows }) => membersOf(rows['discovery']?.split(/; with [^:]*:/)[1])))
  expect(named.filter((member) => !(member in metadata) && !conditional.has(member))).toEqual([])
})

test('the page names every value that the server announces', () => {
  const named = new Set(inCode(page))
  const lists = Object.entries(metadata).filter(([member]) => VALUES_NAMED.test(member))
  expect(lists.length).toBeGreaterThan(8)
  for (const [member, values] of lists)
    for (const value of values as string[]) expect(named.has(value), `${member}: ${value}`).toBe(true)
})

test('the tests that the page names exist', () => {
  for (const { title, rows } of sections) {
    const files = inCode(rows['tests'])
    expect(files.length, title).toBeGreaterThan(0)
    for (const file of files) expect(existsSync(join(ROOT, file)), `${title}: ${file}`).toBe(true)
  }
})
