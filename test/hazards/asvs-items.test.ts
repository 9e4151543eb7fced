/** Every item of ASVS that concerns us is held by a test or documented, and what the documents say is what holds. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DEFAULT_SETTINGS, SETTINGS_GROUPS } from '#settings/settings-schema.ts'
import { ACR_VALUES } from '#resource-server/acr.ts'
import { LIMIT } from '#sign-in/attempts-store.ts'
import { BUDGETS, EASING } from '#sign-in/budgets-store.ts'
import { ASVS_REASONS } from './catalogue/asvs-reasons.ts'
import { ALL_ITEMS, ASVS_ITEMS, testsByItem } from './catalogue/asvs.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/security/sign-in.md'), 'utf8')

/** Items whose feature or test is still to come. */
const OPEN: readonly string[] = []

test('every item is held by a test that names it, but for those that are still to come', () => {
  const held = testsByItem()
  const open = Object.keys(ASVS_ITEMS).filter((item) => !held.has(item))
  expect(open).toEqual(OPEN)
  expect([...held.keys()].filter((item) => !(item in ASVS_ITEMS) && !/^10\.[46]\./.test(item))).toEqual([])
})

test('every item of the chapters has a verdict: tests that hold it, or a reason', () => {
  expect(ALL_ITEMS).toHaveLength(47 + 19 + 36)
  const listed = new Set([...Object.keys(ASVS_ITEMS), ...Object.keys(ASVS_REASONS)])
  expect(ALL_ITEMS.filter((item) => !listed.has(item))).toEqual([])
  expect([...listed].filter((item) => !ALL_ITEMS.includes(item))).toEqual([])
})

test('ASVS 6.1.1, 6.1.3, 6.3.4: the ways in, their classes and the limits on guessing are documented as they are', () => {
  for (const acr of ACR_VALUES) expect(page).toContain(`\`${acr}\``)
  const { address, network } = BUDGETS
  expect(page).toContain(`| ${LIMIT.free} failures | a wait of 1 s that doubles, to ${LIMIT.longest / 60} minutes |`)
  expect(page).toContain(`| ${address.size} | one every ${address.leak} seconds |`)
  expect(page).toContain(`| ${network.size} | one every ${network.leak} seconds |`)
  expect(page).toContain(`its own count and ${EASING.counts} more`)
  expect(page).toContain(`at most ${EASING.counts * EASING.perHour} an hour`)
  for (const way of ['password', 'passkey', 'upstream provider', 'authenticator app', 'recovery code', 'by mail']) {
    expect(page).toContain(way)
  }
})

test('ASVS 6.5.3: nothing that has to be guessed comes from a generator that can be', () => {
  const weak = globSync('src/{shared,sign-in,oidc,interactions,clients,http}/**/*.ts', { cwd: ROOT }).filter((file) =>
    readFileSync(join(ROOT, file), 'utf8').includes('Math.random'),
  )
  expect(weak).toEqual([])
})

test('ASVS 7.1.1, 7.1.2, 7.1.3, 7.6.1: lifetimes, number and end of sessions are documented as they are', () => {
  const { lifetimes } = DEFAULT_SETTINGS
  const words: Readonly<Record<string, string>> = {
    session_idle_seconds: `${lifetimes.session_idle_seconds / 3600} hours`,
    session_absolute_seconds: `${lifetimes.session_absolute_seconds / 86_400} days`,
    refresh_token_idle_seconds: `${lifetimes.refresh_token_idle_seconds / 86_400} days`,
    refresh_token_absolute_seconds: `${lifetimes.refresh_token_absolute_seconds / 86_400} days`,
    access_token_seconds: `${lifetimes.access_token_seconds / 60} minutes`,
  }
  for (const [name, time] of Object.entries(words)) expect(page).toContain(`| ${time} | \`lifetimes.${name}\``)
  expect(Object.keys(SETTINGS_GROUPS.lifetimes.shape)).toEqual(expect.arrayContaining(Object.keys(words)))
  expect(page).toContain('A person may have any number of sessions')
})
