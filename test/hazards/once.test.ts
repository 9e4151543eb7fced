/** What may be spent once is spent once, over two processes: refresh tokens, pushed requests, codes, sessions kept whole. */
import { beforeAll, expect, test } from 'vitest'
import type { Server } from '../support/server.ts'
import {
  ALLOWED,
  anApp,
  EVERYTHING,
  expectRefused,
  granted,
  somebody,
  type Stage,
  startProcessStage,
} from '../support/hazard-world.ts'
import { answerOf, cookieHeader, type Person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { inOneMoment, letTimePass } from '../support/passed-time.ts'
import { signRequestObject } from '../support/request-object.ts'

const AT_ONCE = 50
let stage: Stage

beforeAll(async () => {
  stage = await startProcessStage(2)
})

/** The same on both processes in turn, all at once. */
function atOnce<T>(count: number, attempt: (node: Server) => Promise<T>): Promise<T[]> {
  const { first, second } = stage
  return Promise.all(Array.from({ length: count }, (_, index) => attempt(index % 2 ? second : first)))
}

/** As if the first use of the refresh tokens of a client were two minutes ago: the window of repeats is over. */
async function afterTheWindow(clientId: string): Promise<void> {
  const { rowCount } = await asSuperuser(
    (db) =>
      db.query(
        `UPDATE artefacts SET consumed_at = consumed_at - interval '2 minutes'
         WHERE kind = 'RefreshToken' AND client_id = $1 AND consumed_at IS NOT NULL`,
        [clientId],
      ),
    stage.first.databaseUrl,
  )
  expect(rowCount).toBeGreaterThan(0)
}

test('V1: fifty refreshes of one token at once give one successor to all, and after the window none and the family is dead', async () => {
  const { app, client, tokens } = await granted(stage, 'spa')
  const token = tokens['refresh_token'] as string
  const within = await atOnce(AT_ONCE, (node) => app.refresh(token, {}, node))
  expect(within.map(({ status }) => status)).toEqual(Array.from({ length: AT_ONCE }, () => 200))
  const successors = new Set(within.map(({ body }) => body['refresh_token']))
  expect(successors.size).toBe(1)
  await afterTheWindow(client.id)
  const after = await atOnce(AT_ONCE, (node) => app.refresh(token, {}, node))
  expect(after.filter(({ status }) => status !== 400)).toEqual([])
  expect(new Set(after.map(({ body }) => body['error']))).toEqual(new Set(['invalid_grant']))
  const dead = await app.refresh([...successors][0] as string, {}, stage.second)
  await expectRefused(stage, dead, { status: 400, error: 'invalid_grant', description: /\w+ \w+/ })
  const reused = (await stage.admin.audit('token.reused')).filter((event) => event['client_id'] === client.id)
  expect(reused.length).toBeGreaterThanOrEqual(1)
})

/** The answers of browsers that hold the person's cookies, each to the same URL; no redirect is followed. */
function visitAtOnce(count: number, url: string, { cookies }: Person): Promise<URL[]> {
  const cookie = cookieHeader(cookies)
  return atOnce(count, async (node) => {
    const response = await node.fetch(url, { headers: { cookie }, redirect: 'manual' })
    expect(response.status).toBeLessThan(500)
    return new URL(response.headers.get('location') ?? 'about:blank', stage.first.issuer)
  })
}

test('H1: a request object with a jti gives one code, or is pushed once, when fifty use it at once', async () => {
  const { app, client } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  const sign = () =>
    signRequestObject({ issuer: stage.first.issuer, client, params: app.begin({ scope: 'openid' }).params })
  const query = new URLSearchParams({ client_id: client.id, request: await sign() })
  const answers = await visitAtOnce(AT_ONCE, `${stage.first.issuer}/authorize?${query.toString()}`, browser)
  expect(answers.filter((url) => url.searchParams.has('code'))).toHaveLength(1)
  const errors = answers.flatMap((url) => url.searchParams.get('error') ?? [])
  expect(errors).toEqual(Array.from({ length: AT_ONCE - 1 }, () => 'invalid_request_object'))
  const request = await sign()
  const pushed = await atOnce(AT_ONCE, (node) => app.call('/par', { request }, node))
  expect(pushed.filter(({ status }) => status === 201)).toHaveLength(1)
  expect(pushed.filter(({ body }) => body['error'] === 'invalid_request_object')).toHaveLength(AT_ONCE - 1)
})

test('V4: a pushed request gives one code, also with prompt=none, also when ten finish it at once', async () => {
  const { app, client } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  await app.code(browser, who, EVERYTHING)
  const push = async () => {
    const { params } = app.begin({ ...EVERYTHING, scope: 'openid posts:read', prompt: 'none' })
    const { body } = await app.push(params)
    const query = new URLSearchParams({ client_id: client.id, request_uri: body['request_uri'] as string })
    return `${stage.first.issuer}/authorize?${query.toString()}`
  }
  const once = await push()
  expect(answerOf((await browser.visit(once)).left as URL)).toHaveProperty('code')
  for (const node of [stage.first, stage.second]) {
    const cookie = cookieHeader(browser.cookies)
    const again = await node.fetch(once, { headers: { cookie, accept: 'text/html' }, redirect: 'manual' })
    expect({ status: again.status, to: again.headers.get('location') }).toEqual({ status: 400, to: null })
    expect(await again.text()).toContain('request_uri')
    expect(await stage.admin.eventOf('authorization.refused', again.headers)).toMatchObject({
      outcome: 'failure',
      reason: expect.stringMatching(/^invalid_request_uri: \w+ \w+/) as string,
    })
  }
  const answers = await visitAtOnce(10, await push(), browser)
  expect(answers.filter(({ searchParams }) => searchParams.has('code'))).toHaveLength(1)
})

test('V5: a code redeemed ten times at once over two nodes gives one set of tokens, which stays good', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  const grant = await app.code(browser, who, EVERYTHING)
  const redeem = () => atOnce(10, (node) => app.redeem(grant, {}, node))
  const answers = await inOneMoment(stage.first.databaseUrl, redeem)
  const [winner, ...more] = answers.filter(({ status }) => status === 200)
  expect(more).toEqual([])
  for (const loser of answers.filter((answer) => answer !== winner)) {
    await expectRefused(stage, loser, { status: 400, error: 'invalid_grant', description: /\w+ \w+/ })
  }
  expect((await app.refresh(winner?.body['refresh_token'] as string)).status).toBe(200)
})

test('V5: a code that was redeemed is refused on the other node too, and a second later its grant ends', async () => {
  const { app, client } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  const grant = await app.code(browser, who, EVERYTHING)
  const { body } = await app.redeem(grant)
  await letTimePass(stage.first.databaseUrl, 2)
  const repeat = await app.redeem(grant, {}, stage.second)
  const description = 'authorization code already consumed'
  await expectRefused(stage, repeat, { status: 400, error: 'invalid_grant', description, event: 'token.reused' })
  const dead = await app.refresh(body['refresh_token'] as string)
  await expectRefused(stage, dead, { status: 400, error: 'invalid_grant', description: /\w+ \w+/ })
  const reused = (await stage.admin.audit('token.reused')).filter((event) => event['client_id'] === client.id)
  expect(reused).toHaveLength(1)
})

test('V43: after a reuse ended its grant the person goes on: the next request gives a code that is good', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  const grant = await app.code(browser, who, EVERYTHING)
  await app.redeem(grant)
  await letTimePass(stage.first.databaseUrl, 2)
  expect((await app.redeem(grant)).status).toBe(400)
  for (const node of [stage.first, stage.second]) {
    const again = await app.code(browser, who, EVERYTHING)
    expect(await app.redeem(again, {}, node)).toMatchObject({ status: 200 })
  }
})

test('V43: requests of two apps at once in one session all get their code, and sign-out ends the grants of both', async () => {
  const [one, two] = [await anApp(stage, 'web'), await anApp(stage, 'web', { ...ALLOWED, client_name: 'two' })]
  const { browser, who, sub } = await somebody(stage)
  for (const { app } of [one, two]) await app.code(browser, who, { scope: 'openid' })
  const attempts = Array.from({ length: 10 }, (_, index) => ({ app: (index % 2 ? two : one).app }))
  const begun = attempts.map(({ app }) => ({ app, ...app.begin({ scope: 'openid' }) }))
  const answers = await Promise.all(begun.map(async ({ url }) => (await visitAtOnce(2, url, browser))[0] as URL))
  const tokens = await Promise.all(
    begun.map(async ({ app, verifier }, index) => {
      const code = answers[index]?.searchParams.get('code') as string
      expect(code).toMatch(/.+/)
      const { status, body } = await app.redeem({ code, verifier })
      expect(status).toBe(200)
      return body['access_token'] as string
    }),
  )
  const { items } = await stage.admin.call<{ items: unknown[] }>('GET', `/accounts/${sub}/sessions`)
  expect(items).toHaveLength(1)
  const page = await browser.visit(`${stage.first.issuer}/logout`)
  await browser.submit(page, {}, { name: 'logout', value: 'yes' })
  for (const token of tokens) {
    const info = await stage.second.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
    expect(info.status).toBe(401)
  }
})
