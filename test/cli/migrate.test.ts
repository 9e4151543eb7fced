/** `signet migrate`: up, status and down, on a given and on the embedded database. */
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase } from '../support/postgres.ts'
import { temporaryDir } from '../support/server.ts'
import { MIGRATIONS } from '../../migrations/registry.ts'
import { runSignet } from './support/signet.ts'

const NAMES = Object.keys(MIGRATIONS)
const LAST = NAMES.at(-1) as string

let dir: string
beforeEach(() => {
  dir = temporaryDir('migrate')
})

interface Result {
  done: string[]
  applied: string[]
  pending: string[]
}

describe('on a given database', () => {
  let url: string
  beforeEach(async () => {
    url = (await emptyDatabase()).url
  })

  const migrate = (args: readonly string[] = [], env: Record<string, string> = {}) =>
    runSignet(['migrate', ...args], { dir, env: { DATABASE_URL: url, ...env } })
  const told = async (...args: string[]) => JSON.parse((await migrate([...args, '--json'])).stdout) as Result

  test('takes all steps, then has nothing to do', async () => {
    expect(await told('status')).toEqual({ done: [], applied: [], pending: NAMES })
    expect(await told()).toEqual({ done: NAMES, applied: NAMES, pending: [] })
    expect((await migrate()).stdout).toBe('The schema is up to date.\n')
    expect((await migrate(['status'])).stdout).toContain(`  applied  ${LAST}\n`)
  })

  test('takes the last step back, and up again', async () => {
    await migrate()
    expect((await migrate(['down', '--yes'])).stdout).toBe(`Took back one step:\n  ${LAST}\n`)
    expect((await migrate(['status'])).stdout).toMatch(/^The schema is older: one step is pending\./)
    expect(await told('up')).toEqual({ done: [LAST], applied: NAMES, pending: [] })
  })

  test('a step back in production needs --yes, and nothing is changed without it', async () => {
    await migrate()
    const production = { NODE_ENV: 'production', SIGNET_ISSUER: 'https://id.example.com' }
    const { code, stderr } = await migrate(['down', '--json'], production)
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toEqual({
      error: 'confirmation_required',
      error_description: 'A step back drops tables with their content: say --yes to do that in production.',
    })
    expect((await told('status')).pending).toEqual([])
    expect((await migrate(['down', '--yes'], production)).code).toBe(0)
  })

  test('makes no keys, for a schema needs none', async () => {
    expect((await migrate([], { SIGNET_KEYS_DIR: join(dir, 'keys') })).code).toBe(0)
    await expect(import('node:fs/promises').then(({ stat }) => stat(join(dir, 'keys')))).rejects.toThrow(/ENOENT/)
  })
})

test('works on the embedded database and leaves it stopped', async () => {
  const first = await runSignet(['migrate', '--json'], { dir })
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect((JSON.parse(first.stdout) as Result).done).toEqual(NAMES)
  const second = await runSignet(['migrate', 'status', '--json'], { dir })
  expect(JSON.parse(second.stdout)).toEqual({ done: [], applied: NAMES, pending: [] })
})

test('a direction that is none is wrong usage, told with those there are', async () => {
  const { code, stderr } = await runSignet(['migrate', 'sideways'], { dir })
  expect(code).toBe(2)
  expect(stderr).toMatch(/'sideways' is invalid .+ Allowed choices are up, status, down\./)
})

test('a database that cannot be reached is told in one sentence with exit code 1', async () => {
  const env = { DATABASE_URL: 'postgres://signet:hush@127.0.0.1:9/signet' }
  const { code, stderr } = await runSignet(['migrate'], { dir, env })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^PostgreSQL at 127\.0\.0\.1:9 did not answer .+: start it, or correct DATABASE_URL\.\n$/)
  expect(stderr).not.toContain('hush')
})
