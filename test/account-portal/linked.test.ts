/** The providers by which a person signs in, as they see them and let go of them. */
import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { textOf } from '../support/person.ts'
import { type Somebody, startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

/** As after a sign-in by a provider; the provider itself is not asked for any of this. */
async function link({ sub }: Somebody, subject: string): Promise<void> {
  const db = new pg.Client(world.first.databaseUrl)
  await db.connect()
  try {
    await db.query(
      `INSERT INTO upstreams (id, name, issuer, client_id, auth_method, credential, scopes, claims, just_in_time, logout,
         enabled, created_at, updated_at)
       VALUES ('acme', 'Acme', 'https://id.acme.example', 'signet', 'client_secret_basic', '\\x00', '{openid}', '{}',
         false, false, true, now(), now()) ON CONFLICT DO NOTHING`,
    )
    await db.query(`INSERT INTO upstream_links (upstream, subject, account_sub) VALUES ('acme', $1, $2)`, [
      subject,
      sub,
    ])
  } finally {
    await db.end()
  }
}

test('a person sees by which provider they sign in, and removes the link', async () => {
  const who = await world.somebody()
  await link(who, 'ada-at-acme')
  const browser = await world.signedIn(who)
  expect(textOf((await world.open(browser)).html)).toContain('Linked providers Acme')
  const page = await world.press(browser, await world.open(browser, '/linked'), 'name="upstream"')
  expect(textOf(page.html)).toContain('That provider is not linked any more.')
  expect(textOf(page.html)).toContain('No provider is linked to your account.')
  expect(textOf((await world.open(browser)).html)).not.toContain('Linked providers Acme')
  expect(await world.event(who, 'account.unlinked')).toMatchObject({ actor: { kind: 'account', id: who.sub } })
})

test('ASVS 7.5.1: the link is removed after a fresh proof alone', async () => {
  const who = await world.somebody()
  await link(who, 'grace-at-acme')
  const browser = await world.signedIn(who)
  const page = await world.open(browser, '/linked')
  await world.age(who, 301)
  const again = await world.press(browser, page, 'name="upstream"')
  expect([again.status, textOf(again.html)]).toEqual([403, expect.stringContaining('nothing was changed')])
  expect(again.html).not.toContain('name="upstream"')
  expect(await world.event(who, 'account.unlinked')).toBeUndefined()
})

test('nobody removes the link of another person', async () => {
  const [who, victim] = [await world.somebody(), await world.somebody()]
  await link(who, 'one-at-acme')
  await link(victim, 'two-at-acme')
  const browser = await world.signedIn(who)
  const page = await world.press(browser, await world.open(browser, '/linked'), 'name="upstream"', {
    subject: 'two-at-acme',
  })
  expect([page.status, textOf(page.html)]).toEqual([404, expect.stringContaining('That is not there any more.')])
  expect(await world.event(victim, 'account.unlinked')).toBeUndefined()
})
