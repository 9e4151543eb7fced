/** The code that a person tells an app so that it may ask them for a sign-in (CIBA), on the page of these requests. */
import { beforeAll, expect, test } from 'vitest'
import { formWith, textOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Somebody, startWorld, type World } from './world.ts'

const CODE = 'seven-herons'
const SET = 'value="set"'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

/** What the database has for the person: at most one row. */
async function stored({ sub }: Somebody): Promise<string[]> {
  const { rows } = await asSuperuser(
    (db) => db.query<{ sealed: Buffer }>('SELECT sealed FROM user_codes WHERE account_sub = $1', [sub]),
    world.first.databaseUrl,
  )
  return rows.map(({ sealed }) => sealed.toString('base64'))
}

async function signedIn() {
  const who = await world.somebody()
  return { who, browser: await world.signedIn(who) }
}

test('is set, changed and removed, and never shown', async () => {
  const { who, browser } = await signedIn()
  const before = await world.open(browser, '/requests')
  expect(textOf(before.html)).toContain('You have no code, so those apps cannot ask you.')
  expect(before.html).not.toContain('value="remove"')
  const set = await world.press(browser, before, SET, { code: CODE })
  expect(set.url).toMatch(/\/account\/requests\?done=userCodeSet$/)
  expect(textOf(set.html)).toContain('Your code is set.')
  expect(textOf(set.html)).toContain('You have a code since')
  expect(set.html).not.toContain(CODE)
  expect(await world.event(who, 'account.user_code_set')).toMatchObject({
    outcome: 'success',
    actor: { kind: 'account', id: who.sub },
    address: '127.0.0.1',
  })
  const [first] = await stored(who)
  await world.press(browser, set, SET, { code: 'eight-herons' })
  const [second, ...more] = await stored(who)
  expect(more).toEqual([])
  expect(second).toBeDefined()
  expect(second).not.toBe(first)
  const removed = await world.press(browser, await world.open(browser, '/requests'), 'value="remove"')
  expect(textOf(removed.html)).toContain('Your code is removed.')
  expect(await stored(who)).toEqual([])
  expect(await world.event(who, 'account.user_code_removed')).toMatchObject({
    outcome: 'success',
    actor: { kind: 'account', id: who.sub },
  })
  const activity = textOf((await world.open(browser, '/activity')).html)
  expect(activity).toContain('The code for sign-in requests was set')
  expect(activity).toContain('The code for sign-in requests was removed')
})

test.each(['', '123', 'x'.repeat(65)])('%j is refused, with what would be right', async (code) => {
  const { who, browser } = await signedIn()
  const page = await world.press(browser, await world.open(browser, '/requests'), SET, { code })
  expect(page.status).toBe(422)
  expect(textOf(page.html)).toContain('A code has 4 to 64 characters.')
  expect(page.html).toMatch(/name="code"[^>]*aria-invalid="true"/)
  expect(await stored(who)).toEqual([])
  expect(await world.event(who, 'account.user_code_set')).toBeUndefined()
})

test.each(['1234', 'x'.repeat(64), '코드코드'])('%j may be a code', async (code) => {
  const { who, browser } = await signedIn()
  await world.press(browser, await world.open(browser, '/requests'), SET, { code })
  expect(await stored(who)).toHaveLength(1)
})

test('whoever finds the browser open changes nothing without a fresh proof', async () => {
  const { who, browser } = await signedIn()
  await world.press(browser, await world.open(browser, '/requests'), SET, { code: CODE })
  const [kept] = await stored(who)
  const fresh = await world.open(browser, '/requests')
  await world.age(who, 301)
  const stale = await world.open(browser, '/requests')
  expect(textOf(stale.html)).toContain('First confirm that it is you')
  expect(stale.html).not.toContain(SET)
  for (const marker of [SET, 'value="remove"']) {
    const page = await browser.submit({ ...fresh, html: formWith(fresh, marker) }, { code: 'eight-herons' })
    expect([page.status, textOf(page.html)]).toEqual([403, expect.stringContaining('so nothing was changed')])
  }
  expect(await stored(who)).toEqual([kept])
  expect(await world.event(who, 'account.user_code_removed')).toBeUndefined()
})

test('the collected data say whether there is one, and not which', async () => {
  const { browser } = await signedIn()
  const collected = async () => (await world.press(browser, await world.open(browser, '/data'), 'value="export"')).html
  expect(JSON.parse(await collected())).toMatchObject({ sign_in: { user_code: null } })
  await world.press(browser, await world.open(browser, '/requests'), SET, { code: CODE })
  const data = await collected()
  expect(JSON.parse(data)).toMatchObject({ sign_in: { user_code: { set_at: expect.any(String) as string } } })
  expect(data).not.toMatch(/seven-herons|argon2/)
})

test('it ends with the account', async () => {
  const { who, browser } = await signedIn()
  await world.press(browser, await world.open(browser, '/requests'), SET, { code: CODE })
  expect(await stored(who)).toHaveLength(1)
  await world.admin.call('DELETE', `/accounts/${who.sub}`)
  expect(await stored(who)).toEqual([])
})
