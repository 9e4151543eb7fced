/** What happens once to a backchannel request happens once, over two servers on one database (CIBA Core 1.0 §10.1, §11). */
import { beforeAll, expect, test } from 'vitest'
import { LIMIT } from '#sign-in/attempts-store.ts'
import { PASSWORD } from '../support/administrator.ts'
import type { TokenAnswer } from '../support/app.ts'
import { createCibaClient, type People, peopleOf, POLLING_CLIENT, signedIn } from '../support/ciba.ts'
import { API, ALLOWED, type Stage, startProcessStage } from '../support/hazard-world.ts'
import { untilDelivered } from '../support/logout-app.ts'
import { atOwnPage } from '../support/own-page.ts'
import { inOneMoment } from '../support/passed-time.ts'
import { pingApp } from '../support/ping-app.ts'
import type { Server } from '../support/server.ts'

const AT_ONCE = 50
const WITH_CODE = { backchannel_user_code_parameter: true }
const EVERYTHING = { scope: 'openid offline_access posts:read', resource: API }
let stage: Stage
let people: People
let persons = 0

beforeAll(async () => {
  stage = await startProcessStage(2)
  people = await peopleOf(stage.first)
})

function atOnce<T>(attempt: (node: Server, index: number) => Promise<T>, count = AT_ONCE): Promise<T[]> {
  const { first, second } = stage
  return Promise.all(Array.from({ length: count }, (_, index) => attempt(index % 2 ? second : first, index)))
}

async function aClient(also: Record<string, unknown> = {}) {
  const client = await stage.admin.client('web', {
    ...POLLING_CLIENT,
    signet_allow: ALLOWED.signet_allow,
    ...also,
  })
  return { id: client.id, ...createCibaClient(stage.first, client) }
}

async function somebody() {
  const email = `person${persons++}@example.com`
  return { hint: { ...EVERYTHING, login_hint: email }, sub: await stage.admin.account(email, PASSWORD) }
}

const issued = (answers: readonly TokenAnswer[]) => answers.filter(({ status }) => status === 200)
const errorsOf = (answers: readonly TokenAnswer[]) => new Set(answers.map(({ body }) => body['error']))

test('an approved request that is redeemed fifty times at once gives tokens once, and they stay good', async () => {
  const [client, { hint, sub }] = [await aClient(), await somebody()]
  const begun = await client.begin(hint)
  await people.approve(sub)
  await inOneMoment(stage.first.databaseUrl, async () => {
    const answers = await atOnce((node) => client.poll(begun, node))
    const [won, ...more] = issued(answers)
    expect(more).toEqual([])
    expect(errorsOf(answers.filter((one) => one !== won))).toEqual(new Set(['invalid_grant']))
    // a late duplicate is refused quietly too, and ends nothing
    expect((await client.poll(begun, stage.second)).body['error']).toBe('invalid_grant')
    expect((await client.refresh(String(won?.body['refresh_token']), stage.second)).status).toBe(200)
  })
})

test('a client that polls fifty times while its person approves gets tokens once, and they stay good', async () => {
  const [client, { hint, sub }] = [await aClient(), await somebody()]
  const begun = await client.begin(hint)
  await inOneMoment(stage.first.databaseUrl, async () => {
    const [answers] = await Promise.all([atOnce((node) => client.poll(begun, node)), people.approve(sub)])
    const [won, ...more] = issued([...answers, await client.poll(begun, stage.second)])
    expect(more).toEqual([])
    for (const error of errorsOf(answers)) {
      expect([undefined, 'authorization_pending', 'slow_down', 'invalid_grant']).toContain(error)
    }
    expect((await client.refresh(String(won?.body['refresh_token']), stage.first)).status).toBe(200)
  })
})

test('of fifty polls at once over two nodes one is in time', async () => {
  const [client, { hint }] = [await aClient(), await somebody()]
  const begun = await client.begin(hint)
  const answers = await atOnce((node) => client.poll(begun, node))
  const errors = answers.map(({ body }) => body['error'])
  expect(errors.filter((error) => error === 'authorization_pending')).toHaveLength(1)
  expect(errors.filter((error) => error === 'slow_down')).toHaveLength(AT_ONCE - 1)
})

test('fifty approvals and refusals at once decide once, and notify the app once', async () => {
  const app = await pingApp()
  const client = await aClient({
    backchannel_token_delivery_mode: 'ping',
    backchannel_client_notification_endpoint: app.url,
  })
  const { hint, sub } = await somebody()
  const begun = await client.begin({ ...hint, client_notification_token: 'once' })
  const { id } = await people.newest(sub)
  const answer = { accountId: sub, id, by: { actor: { kind: 'account', id: sub } } } as const
  const decisions = await atOnce(async (_node, index) =>
    index % 2 ? people.approvals.approve(answer, signedIn()) : people.approvals.deny(answer),
  )
  const [decision, ...more] = decisions.filter((one) => one !== 'gone')
  expect(more).toEqual([])
  await untilDelivered(stage.first)
  expect(app.pings).toHaveLength(1)
  expect((await client.poll(begun)).status).toBe(decision === 'approved' ? 200 : 400)
  const events = [await stage.admin.audit('ciba.approved'), await stage.admin.audit('ciba.denied')].flat()
  expect(events.filter((event) => event['client_id'] === client.id)).toHaveLength(1)
})

test('fifty requests for one person at once store as many as may wait', async () => {
  const [client, { hint, sub }] = [await aClient(), await somebody()]
  const answers = await atOnce((node) => client.ask(hint, node))
  expect(issued(answers)).toHaveLength(5)
  expect(errorsOf(answers)).toEqual(new Set([undefined, 'temporarily_unavailable']))
  expect(await people.approvals.list(sub)).toHaveLength(5)
})

test('fifty guesses of a user code at once are checked as often as the limit allows, and other clients are heard', async () => {
  const [guesser, other] = [await aClient(WITH_CODE), await aClient(WITH_CODE)]
  const { hint } = await somebody()
  const code = { user_code: 'seven-herons' }
  const page = await atOwnPage(stage, { who: { email: hint.login_hint, password: PASSWORD } })
  await page.send('/requests', 'value="set"', { code: code.user_code })
  const begun = Date.now()
  const answers = await atOnce((node, index) => guesser.ask({ ...hint, user_code: `guess ${index}` }, node))
  const seconds = (Date.now() - begun) / 1000
  const checked = answers.filter(({ body }) => body['error'] === 'invalid_user_code').length
  expect(errorsOf(answers)).toEqual(new Set(['invalid_user_code', 'temporarily_unavailable']))
  expect(checked).toBeGreaterThanOrEqual(LIMIT.free)
  // each further one doubles the wait, from one second
  expect(checked).toBeLessThanOrEqual(LIMIT.free + Math.log2(seconds + 1) + 1)
  expect((await other.ask({ ...hint, ...code }, stage.second)).status).toBe(200)
})

test('an account that is disabled while its person approves keeps no access', async () => {
  for (let round = 0; round < 4; round += 1) {
    const [client, { hint, sub }] = [await aClient(), await somebody()]
    const begun = await client.begin(hint)
    const { id } = await people.newest(sub)
    const answer = { accountId: sub, id, by: { actor: { kind: 'account', id: sub } } } as const
    await Promise.all([
      people.approvals.approve(answer, signedIn()),
      stage.admin.call('POST', `/accounts/${sub}/disable`, {}),
    ])
    await stage.admin.call('POST', `/accounts/${sub}/enable`, {})
    const { status, body } = await client.poll(begun)
    expect(status).toBe(400)
    expect(['access_denied', 'invalid_grant']).toContain(body['error'])
  }
})

test('more user codes at once than can wait to be checked are told to try again', async () => {
  const client = await aClient(WITH_CODE)
  await stage.admin.call('PATCH', '/settings', { limits: { waiting_passwords: 1 } })
  const asked = Array.from({ length: AT_ONCE }, (_, index) =>
    client.ask({ login_hint: `stranger${index}@example.com`, user_code: 'seven-herons' }),
  )
  const answers = await Promise.all(asked)
  expect(errorsOf(answers)).toEqual(new Set(['invalid_user_code', 'temporarily_unavailable']))
  const busy = answers.find(({ status }) => status !== 400)
  expect(busy).toMatchObject({
    status: 503,
    body: { error_description: 'too many codes wait to be checked; try again in a few seconds' },
  })
  expect(Number(busy?.headers.get('retry-after'))).toBeGreaterThan(0)
})
