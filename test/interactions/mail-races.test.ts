/** What is sent to two processes at the same moment counts once. */
import { beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Person, textOf, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld(2)
  await world.set('open')
})

/** Its requests go to the two processes in turns. */
function somebody(): Person {
  let requests = 0
  return world.somebody(() => ((requests += 1) % 2 === 0 ? world.server : world.second))
}

/** Sends all forms at once, each as a tab of its own. */
function atOnce(browser: Person, page: Visit, forms: readonly Record<string, string>[]): Promise<Visit[]> {
  return Promise.all(forms.map((fields) => browser.fork().submit(page, fields)))
}

const accountsOf = (email: string) =>
  world.admin.call<{ items: { sub: string }[] }>('GET', `/accounts?email=${encodeURIComponent(email)}`)

test('ASVS 6.5.1: of one code redeemed many times at once one is accepted', async () => {
  const { email } = await world.account()
  const browser = somebody()
  const page = await world.ask(browser, 'reset', email)
  const { code } = await world.mail(email)
  const before = (await world.admin.audit('email_code.accepted')).length
  await atOnce(
    browser,
    page,
    Array.from({ length: 8 }, () => ({ code })),
  )
  expect((await world.admin.audit('email_code.accepted')).length - before).toBe(1)
})

test('of many new passwords sent at once with one proof one is set', async () => {
  const { email } = await world.account()
  const browser = somebody()
  const page = await world.prove(browser, 'reset', email)
  const before = (await world.admin.audit('password.reset')).length
  const passwords = Array.from({ length: 6 }, (_, index) => `${NEW_PASSWORD} ${index}`)
  await atOnce(
    browser,
    page,
    passwords.map((password) => ({ password })),
  )
  expect((await world.admin.audit('password.reset')).length - before).toBe(1)
  const works = []
  for (const password of passwords) {
    const other = world.somebody()
    const end = await other.submit(await world.signInPage(other), { identifier: email, password })
    if (!end.html.includes('name="identifier"')) works.push(password)
  }
  expect(works).toHaveLength(1)
})

test('of two registrations of one address, both proven, one becomes the account and the other is told', async () => {
  const email = world.address()
  const [first, second] = [world.somebody(() => world.server), world.somebody(() => world.second)]
  const pages = [await world.prove(first, 'register', email), await world.prove(second, 'register', email)] as const
  const ends = await Promise.all([
    first.submit(pages[0], { name: 'One', password: NEW_PASSWORD }),
    second.submit(pages[1], { name: 'Two', password: NEW_PASSWORD }),
  ])
  expect((await accountsOf(email)).items).toHaveLength(1)
  expect(ends.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 422])
  const told = ends.find(({ status }) => status === 422)
  expect(textOf(told?.html ?? '')).toContain('There is an account with this address by now. Please sign in.')
})

test('of one registration sent many times at once one account is made', async () => {
  const email = world.address()
  const browser = somebody()
  const page = await world.prove(browser, 'register', email)
  await atOnce(
    browser,
    page,
    Array.from({ length: 6 }, (_, index) => ({ name: `Ada ${index}`, password: NEW_PASSWORD })),
  )
  expect((await accountsOf(email)).items).toHaveLength(1)
  const created = (await world.admin.audit('account.created')).filter(
    ({ actor }) => (actor as { kind: string }).kind === 'account',
  )
  expect(new Set(created.map(({ account_id: sub }) => sub)).size).toBe(created.length)
})

test('of two reset links used at once one sets the password, and the other has ended', async () => {
  const { email } = await world.account()
  const before = (await world.admin.audit('password.reset')).length
  const tabs = [
    await world.openLink(await world.resetLink(email)),
    await world.openLink(await world.resetLink(email), () => world.second),
  ]
  const ends = await Promise.all(
    tabs.map(({ browser, page }, index) => browser.submit(page, { password: `${NEW_PASSWORD} ${index}` })),
  )
  expect(ends.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 410])
  expect((await world.admin.audit('password.reset')).length - before).toBe(1)
})

test('a reset link that is used while the address changes is refused', async () => {
  const { email, sub } = await world.account()
  const { browser, page } = await world.openLink(await world.resetLink(email), () => world.second)
  const before = (await world.admin.audit('password.reset')).length
  const [end] = await asSuperuser(async (db) => {
    const waiting = async (count: number) => {
      const { rowCount } = await db.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      return rowCount === count
    }
    await db.query('BEGIN')
    await db.query('SELECT FROM accounts WHERE sub = $1 FOR UPDATE', [sub])
    const moved = world.admin.call('PATCH', `/accounts/${sub}`, { email: world.address() })
    await eventually(
      () => waiting(1),
      2000,
      () => 'the change of the address does not wait',
    )
    const reset = browser.submit(page, { password: NEW_PASSWORD })
    await eventually(
      () => waiting(2),
      2000,
      () => 'the reset does not wait',
    )
    await db.query('COMMIT')
    return Promise.all([reset, moved])
  }, world.server.databaseUrl)
  expect([end.status, textOf(end.html)]).toEqual([410, expect.stringContaining('does not work any more')])
  expect((await world.admin.audit('password.reset')).length).toBe(before)
})
