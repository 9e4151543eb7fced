/** The example file follows the table of variables, and each example in it would be taken. */
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { envExample, referenceTable } from '#config/reference.ts'
import { VARIABLES } from '#config/variables.ts'
import type { Variable } from '#config/variables.ts'

test('.env.example is what the table of variables says (vitest -u writes it anew)', async () => {
  await expect(envExample()).toMatchFileSnapshot('../../.env.example')
})

test('the example and the reference name every variable, and each example is a value its parser takes', () => {
  const given = parseEnv(envExample().replaceAll(/^# (?=[A-Z_]+=)/gm, ''))
  for (const [name, variable] of Object.entries<Variable<unknown>>(VARIABLES)) {
    expect(() => variable.parse(given[name] ?? ''), name).not.toThrow()
    expect(given[name], name).toBe(variable.example)
    expect(referenceTable()).toContain(`| \`${name}\` | ${variable.default} |`)
  }
})
