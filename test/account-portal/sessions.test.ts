/** Where a person is signed in, as they see it, and the ends that they make of it. */
import pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Person, textOf } from '../support/person.ts'
import { type Somebody, startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

async function isSignedIn(browser: Person): Promise<boolean> {
  return (await world.open(browser)).url.endsWith('/account')
}

/** Another browser of theirs ends what `marker` stands for. */
async function sessionsOf({ sub }: Somebody): Promise<string[]> {
  const { items } = await world.admin.call<{ items: { id: string }[] }>('GET', `/accounts/${sub}/sessions`)
  return items.map(({ id }) => id)
}

describe('ASVS 7.5.2: a person', () => {
  test('sees each session with its device, address and last use, and which is this one', async () => {
    const who = await world.somebody({ zoneinfo: 'Asia/Seoul' })
    await world.signedIn(who)
    const browser = await world.signedIn(who)
    const words = textOf((await world.open(browser, '/sessions')).html)
    expect(words.match(/Unknown device/g)?.length).toBeGreaterThanOrEqual(2)
    expect(words.match(/127\.0\.0\.1/g)).toHaveLength(2)
    expect(words.match(/This browser/g)).toHaveLength(1)
    expect(words.match(/Last used on/g)).toHaveLength(1)
    // theirs is the time of their zone
    expect(words).not.toContain('UTC')
  })

  test('ends one, which is over at once on the other process, and the others stay', async () => {
    const who = await world.somebody()
    const there = await world.signedIn(who, world.second)
    const [ended] = await sessionsOf(who)
    const [other, here] = [await world.signedIn(who), await world.signedIn(who)]
    const page = await world.press(here, await world.open(here, '/sessions'), `value="${ended}"`)
    expect(textOf(page.html)).toContain('That session has ended.')
    expect([await isSignedIn(there), await isSignedIn(other), await isSignedIn(here)]).toEqual([false, true, true])
    expect(await world.event(who, 'session.ended')).toMatchObject({
      actor: { kind: 'account', id: who.sub },
      subject: { kind: 'session', id: ended },
      reason: 'ended by the person',
    })
  })

  test('ends all others by one button', async () => {
    const who = await world.somebody()
    const others = [await world.signedIn(who, world.second), await world.signedIn(who)]
    const here = await world.signedIn(who)
    const page = await world.press(here, await world.open(here, '/sessions'), 'value="others"')
    expect(textOf(page.html)).toContain('You are signed in nowhere else.')
    expect(await Promise.all(others.map(isSignedIn))).toEqual([false, false])
    expect(await sessionsOf(who)).toHaveLength(1)
  })

  test('ends none of another person', async () => {
    const [who, victim] = [await world.somebody(), await world.somebody()]
    await world.signedIn(who)
    const [browser, theirs] = [await world.signedIn(who), await world.signedIn(victim)]
    const [session] = await sessionsOf(victim)
    const page = await world.press(browser, await world.open(browser, '/sessions'), 'name="session"', {
      session: String(session),
    })
    expect([page.status, textOf(page.html)]).toEqual([404, expect.stringContaining('That is not there any more.')])
    expect(await isSignedIn(theirs)).toBe(true)
    expect(await world.event(victim, 'session.ended')).toBeUndefined()
  })
})

test('a dump of the sessions tells neither from where nor by what people came', async () => {
  const who = await world.somebody()
  await world.signedIn(who)
  const db = new pg.Client(world.first.databaseUrl)
  await db.connect()
  const { rows } = await db.query<{ line: string; sealed: boolean; used: boolean }>(
    `SELECT s::text || convert_from(decode(replace(encode(seen_from, 'hex'), '00', ''), 'hex'), 'LATIN1') AS line,
       seen_from IS NOT NULL AS sealed, last_used_at IS NOT NULL AS used
     FROM sessions s WHERE account_id = $1`,
    [who.sub],
  )
  await db.end()
  expect(rows).toMatchObject([{ sealed: true, used: true }])
  expect(rows[0]?.line).not.toMatch(/127\.0\.0\.1|address|browser/)
})
