/** Every patch of the engine is applied, says what it changes and why, and names a test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PATCHES } from '#oidc/engine/patches.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'src/oidc/engine/patches')
const FILES = readdirSync(FOLDER).toSorted()
const ENGINE = (
  JSON.parse(readFileSync(join(ROOT, 'node_modules/oidc-provider/package.json'), 'utf8')) as { version: string }
).version

/** The entries of the comment that a file begins with. */
function headerOf(file: string): Record<string, string> {
  const [, comment = ''] = /^\/\*\*\n([\s\S]*?)\n \*\/\n/.exec(readFileSync(join(FOLDER, file), 'utf8')) ?? []
  const text = comment.replaceAll(/^ \* ?/gm, '')
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z]\w+): ([\s\S]*?)(?=\n[A-Z]\w+: |$(?![\s\S]))/gm)].map(([, name, value]) => [name, value]),
  )
}

test('each file of the folder is applied once, and nothing else is', () => {
  expect(PATCHES.map(({ file }) => file).toSorted()).toEqual(FILES)
})

test('two patches are never the same function', () => {
  expect(new Set(PATCHES.map(({ apply }) => apply)).size).toBe(PATCHES.length)
})

describe.each(FILES)('the header of %s', (file) => {
  const header = headerOf(file)

  test('says what it changes, why, for which engine, and where that is tested', () => {
    expect(Object.keys(header)).toEqual(['What', 'Why', 'Engine', 'Test'])
    expect(header['What']?.length).toBeGreaterThan(20)
    expect(header['Why']?.length).toBeGreaterThan(20)
  })

  test('names the version of the engine that is installed: read the patch again with each upgrade', () => {
    expect(header['Engine']).toBe(ENGINE)
  })

  test('names a test that exists', () => {
    expect(header['Test']).toMatch(/^test\/\S+\.test\.ts$/)
    expect(existsSync(join(ROOT, header['Test'] as string))).toBe(true)
  })
})
