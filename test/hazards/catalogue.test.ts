/** The catalogue, its document and the tests agree, and what the server says it has is tested. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'
import { CATALOGUE } from './catalogue.ts'
import { type Advertised, FEATURES } from './catalogue/row.ts'

const ROOT = join(import.meta.dirname, '../..')
let advertised: Advertised

beforeAll(async () => {
  const server = await startServer()
  const read = async (path: string) => (await (await server.fetch(path)).json()) as Record<string, unknown>
  advertised = {
    metadata: await read('/.well-known/openid-configuration'),
    adminPaths: Object.keys((await read('/admin/v1/openapi.json'))['paths'] as object),
  }
})

test('every row has one id, and stands in docs/security/hazards.md, which has no other', () => {
  const document = readFileSync(join(ROOT, 'docs/security/hazards.md'), 'utf8')
  const told = [...document.matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, id]) => id)
  const ids = CATALOGUE.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(told).toEqual(ids)
})

test('every row whose feature the server has is held by a test', () => {
  const owed = CATALOGUE.filter(({ feature }) => FEATURES[feature](advertised))
  expect(owed.length).toBeGreaterThan(40)
  const open = owed.filter(({ tests }) => !Object.values(tests).some((titles) => titles.length > 0))
  expect(open.map(({ id, title }) => `${id}: ${title}`)).toEqual([])
})

test('every test that a row names is there, and is run', () => {
  const sources = new Map<string, string>()
  const gone = CATALOGUE.flatMap(({ id, tests }) =>
    Object.entries(tests).flatMap(([file, titles]) => {
      const path = join(ROOT, file)
      if (!sources.has(file)) sources.set(file, existsSync(path) ? readFileSync(path, 'utf8') : '')
      const missing = titles.filter((title) => !isIn(file, sources.get(file) ?? '', title))
      return missing.map((title) => `${id}: ${file} has no test “${title}”`)
    }),
  )
  expect(gone).toEqual([])
})

test('features are told apart: a server that advertises nothing has the core alone', () => {
  const nothing: Advertised = { metadata: {}, adminPaths: [] }
  const present = Object.entries(FEATURES).filter(([, isOn]) => isOn(nothing))
  expect(present.map(([name]) => name)).toEqual(['core'])
})

test('a title counts as it stands in the source, and not when it is skipped or in a comment', () => {
  expect(isTestOf(`test('a', async () => {})`, 'a')).toBe(true)
  expect(isTestOf(`  test.each([1])('it''s %s', () => {})`.replace("''", ''), 'its %s')).toBe(true)
  expect(isTestOf(`test.each([\n  [1],\n])(\n  "it's",\n  () => {})`, "it's")).toBe(true)
  expect(isTestOf(`test.skip('a', () => {})`, 'a')).toBe(false) // a skipped test proves nothing
  expect(isTestOf(`// test('a', () => {})`, 'a')).toBe(false)
  expect(isTestOf(`describe('a', () => {})`, 'a')).toBe(false)
  expect(isTestOf(`test('ab', () => {})`, 'a')).toBe(false)
  expect(isTestOf(`describe('a', () => {\n  test('b', () => {})\n})`, 'a › b')).toBe(true)
  expect(isTestOf(`test('b', () => {})\ndescribe('a', () => {})`, 'a › b')).toBe(false)
  expect(isTestOf(`describe('c', () => {\n  test('b', () => {})\n})`, 'a › b')).toBe(false)
})

/** Whether the file has the test; a fault of `npm run faults` is named by its id. */
function isIn(file: string, text: string, title: string): boolean {
  return file.startsWith('test/faults/') ? text.includes(`id: '${title}'`) : isTestOf(text, title)
}

/** Whether the text has `test('title'` or `test.each(…)('title'`, in any quotes; before ` › ` stands its `describe`. */
function isTestOf(text: string, title: string): boolean {
  const code = text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '')
  const [group, name] = title.includes(' › ') ? title.split(' › ') : [undefined, title]
  const at = group === undefined ? 0 : code.search(call(String.raw`\bdescribe`, group))
  return at >= 0 && call(String.raw`\btest`, name ?? '').test(code.slice(at))
}

function call(word: string, title: string): RegExp {
  const escaped = title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(String.raw`(?:${word}|\))\(\s*(['"\x60])${escaped}\1\s*,`)
}
