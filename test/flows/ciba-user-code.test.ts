/** A client that needs the code of a person to ask them (CIBA Core 1.0 §7.1, `user_code`), and learns nothing by guessing. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type CibaClient, createCibaClient, signed } from '../support/ciba.ts'
import { ADA, type CibaWorld, startCibaWorld } from '../support/ciba-world.ts'
import { atOwnPage } from '../support/own-page.ts'
import { asSuperuser } from '../support/postgres.ts'

const CODE = 'Größe 4711'
const WITH_CODE = { backchannel_user_code_parameter: true }
const BOB = { login_hint: 'bob@example.com' }
const GONE = { login_hint: 'gone@example.com' }
const NOBODY = { login_hint: 'nobody@example.com' }
const MISSING = {
  error: 'missing_user_code',
  error_description: 'user_code is missing: this client is registered to send it',
}
const INVALID = { error: 'invalid_user_code', error_description: 'user_code is not right for this hint' }
const TOO_MANY = {
  error: 'temporarily_unavailable',
  error_description: 'this client has sent too many wrong user codes',
}
const UNSET = 'nobody of this hint has a user code'

let world: CibaWorld
let registered: RegisteredClient
let client: CibaClient

beforeAll(async () => {
  world = await startCibaWorld()
  const { server, admin } = world
  await admin.account(BOB.login_hint, PASSWORD)
  const gone = await admin.account(GONE.login_hint, PASSWORD)
  for (const { login_hint: email } of [ADA, GONE]) await setCode(email)
  await admin.call('POST', `/accounts/${gone}/disable`, {})
  registered = await world.aClient(WITH_CODE)
  client = createCibaClient(server, registered)
})

beforeEach(() => world.denyAll())

async function setCode(email: string): Promise<void> {
  const page = await atOwnPage({ first: world.server }, { who: { email, password: PASSWORD } })
  await page.send('/requests', 'value="set"', { code: CODE })
}

describe('with the right code', () => {
  test.each([
    ['as the person set it', CODE],
    ['from another keyboard, with decomposed letters', CODE.normalize('NFD')],
  ])('%s, the person is asked, and the client gets tokens', async (_how, code) => {
    const begun = await client.begin({ ...ADA, user_code: code })
    await world.people.approve(world.sub)
    expect((await client.poll(begun)).status).toBe(200)
  })

  test('a fapi2 client sends it in its signed request', async () => {
    const fapi = await world.aClient(WITH_CODE, 'fapi2')
    const own = createCibaClient(world.server, fapi)
    const bound = { ...ADA, binding_message: 'W4-SCT' }
    await world.refused(await own.ask(await signed(world.server.issuer, fapi, bound)), 400, MISSING)
    await own.begin(await signed(world.server.issuer, fapi, { ...bound, user_code: CODE }))
  })
})

test('without a code nobody is asked, and the answer is the same for everybody', async () => {
  for (const hint of [ADA, BOB, GONE, NOBODY]) await world.refused(await client.ask(hint), 400, MISSING)
  expect(await world.people.approvals.list(world.sub)).toEqual([])
})

test('a wrong code, a person without one, one who is disabled and nobody get the same answer', async () => {
  const answers = [
    [await client.ask({ ...ADA, user_code: 'größe 4711' }), 'wrong user code'],
    [await client.ask({ ...BOB, user_code: CODE }), UNSET],
    [await client.ask({ ...GONE, user_code: CODE }), UNSET],
    [await client.ask({ ...NOBODY, user_code: CODE }), UNSET],
  ] as const
  for (const [answer, detail] of answers) {
    await world.refused(answer, 400, INVALID, detail)
    expect([...answer.headers.keys()]).toEqual([...answers[0][0].headers.keys()])
    expect(answer.body).toEqual(answers[0][0].body)
  }
  expect(await world.people.approvals.list(world.sub)).toEqual([])
})

test('a client that is not registered for codes asks without one, and cannot try one', async () => {
  for (const code of [CODE, 'wrong']) {
    await world.client.begin({ ...ADA, user_code: code })
    await world.client.begin({ ...BOB, user_code: code })
  }
})

test('guesses of a client are limited, the same for nobody; other clients and the sign-in of the person are not', async () => {
  const { server } = world
  const guesser = createCibaClient(server, await world.aClient(WITH_CODE))
  for (const hint of [ADA, NOBODY]) {
    let tries = 0
    let answer = await guesser.ask({ ...hint, user_code: 'guess' })
    for (; tries < 30 && answer.status !== 429; tries += 1) answer = await guesser.ask({ ...hint, user_code: 'guess' })
    expect(tries).toBeGreaterThanOrEqual(10)
    await world.refused(answer, 429, TOO_MANY)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    await waitLonger()
    // the right code is not told from others either
    await world.refused(await guesser.ask({ ...hint, user_code: CODE }), 429, TOO_MANY)
  }
  await client.begin({ ...ADA, user_code: CODE })
  const page = await atOwnPage({ first: server }, { who: { email: ADA.login_hint, password: PASSWORD } })
  expect((await page.open('')).url).toMatch(/\/account$/)
})

test('a client that is wrong about many people waits too', async () => {
  const { server } = world
  const guesser = createCibaClient(server, await world.aClient(WITH_CODE))
  await world.refused(await guesser.ask({ login_hint: 'first@example.com', user_code: CODE }), 400, INVALID, UNSET)
  // as if it had been wrong five hundred times
  await write(`UPDATE sign_in_budgets SET empties_at = now() + interval '1 hour' WHERE kind = 'client'`)
  await world.refused(await guesser.ask({ login_hint: 'second@example.com', user_code: CODE }), 429, TOO_MANY)
  await write(`DELETE FROM sign_in_budgets WHERE kind = 'client'`)
})

test('a code that was changed or removed lets nobody ask any more', async () => {
  const { server } = world
  const page = await atOwnPage({ first: server }, { who: { email: ADA.login_hint, password: PASSWORD } })
  await page.send('/requests', 'value="set"', { code: 'another one' })
  await world.refused(await client.ask({ ...ADA, user_code: CODE }), 400, INVALID, 'wrong user code')
  await client.begin({ ...ADA, user_code: 'another one' })
  await page.send('/requests', 'value="remove"')
  await world.refused(await client.ask({ ...ADA, user_code: 'another one' }), 400, INVALID, UNSET)
})

/** The waits of all who have to wait take a while, however slow the test is. */
function waitLonger(): Promise<void> {
  return write(
    `UPDATE sign_in_attempts SET blocked_until = now() + interval '10 minutes' WHERE blocked_until IS NOT NULL`,
  )
}

async function write(statement: string): Promise<void> {
  await asSuperuser((db) => db.query(statement), world.server.databaseUrl)
}
