/** What `npm run mutate` names is there, so that a run weeks later does not find it gone. */
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { rangeOf } from './ranges.ts'
import { TARGETS } from './targets.ts'

test.each(TARGETS)('the functions of $file and their tests are there', ({ file, functions, tests }) => {
  const source = readFileSync(file, 'utf8')
  for (const name of functions) expect(rangeOf(source, name)).toMatch(/^\d+-\d+$/)
  for (const pattern of tests) expect(globSync(pattern), pattern).not.toEqual([])
})
