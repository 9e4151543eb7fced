/** What happens once to the request of a device happens once, over two servers on one database (RFC 8628 §3.3, §3.5). */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import type { TokenAnswer } from '../support/app.ts'
import { answerCompare, connect, createDevice, enterCode } from '../support/device.ts'
import { API, ALLOWED, type Stage, startProcessStage } from '../support/hazard-world.ts'
import { inOneMoment } from '../support/passed-time.ts'
import { person, type Person, textOf, type Visit } from '../support/person.ts'
import type { Server } from '../support/server.ts'

const AT_ONCE = 50
const EVERYTHING = { scope: 'openid posts:read', resource: API }
let stage: Stage
let people = 0

beforeAll(async () => {
  stage = await startProcessStage(2)
})

function atOnce<T>(attempt: (node: Server, index: number) => Promise<T>, count = AT_ONCE): Promise<T[]> {
  const { first, second } = stage
  return Promise.all(Array.from({ length: count }, (_, index) => attempt(index % 2 ? second : first, index)))
}

async function aDevice() {
  const client = await stage.admin.client('device', { client_name: 'Telly', signet_allow: ALLOWED.signet_allow })
  return { client, device: createDevice(stage.first, client) }
}

async function somebody(): Promise<{ email: string; password: string; sub: string }> {
  const email = `person${people++}@example.com`
  return { email, password: PASSWORD, sub: await stage.admin.account(email, PASSWORD) }
}

/** Signs a person in and allows the client everything, so that one click connects a device. */
async function readyBrowser(device: ReturnType<typeof createDevice>) {
  const who = await somebody()
  const browser = person(() => stage.first)
  await connect(browser, (await device.begin(EVERYTHING)).user_code, who)
  return { browser, who }
}

const issued = (answers: readonly TokenAnswer[]) => answers.filter(({ status }) => status === 200)

test('an approved device that polls fifty times at once gets tokens once, and they stay good', async () => {
  const { device } = await aDevice()
  const begun = await device.begin(EVERYTHING)
  await connect(
    person(() => stage.second),
    begun.user_code,
    await somebody(),
  )
  await inOneMoment(stage.first.databaseUrl, async () => {
    const answers = await atOnce((node) => device.poll(begun, node))
    const [won, ...more] = issued(answers)
    expect(more).toEqual([])
    expect(new Set(answers.filter((one) => one !== won).map(({ body }) => body['error']))).toEqual(
      new Set(['invalid_grant']),
    )
    // a late duplicate is refused quietly too, and ends nothing
    expect((await device.poll(begun, stage.second)).body['error']).toBe('invalid_grant')
    expect((await device.refresh(String(won?.body['refresh_token']), stage.second)).status).toBe(200)
  })
})

test('a device that polls fifty times while its person approves gets tokens once, and they stay good', async () => {
  const { device } = await aDevice()
  const { browser } = await readyBrowser(device)
  const begun = await device.begin(EVERYTHING)
  const compare = await enterCode(browser, begun.user_code)
  await inOneMoment(stage.first.databaseUrl, async () => {
    const [answers] = await Promise.all([atOnce((node) => device.poll(begun, node)), answerCompare(browser, compare)])
    const last = await device.poll(begun, stage.second)
    const [won, ...more] = issued([...answers, last])
    expect(more).toEqual([])
    const waited = answers.map(({ body }) => body['error']).filter((error) => error !== undefined)
    for (const error of waited) expect(['authorization_pending', 'slow_down', 'invalid_grant']).toContain(error)
    expect((await device.refresh(String(won?.body['refresh_token']), stage.first)).status).toBe(200)
  })
})

/** The pages that two people are on who are about to approve the same device, each in a browser of their own. */
async function rivals(device: ReturnType<typeof createDevice>, userCode: string) {
  const browsers = [await readyBrowser(device), await readyBrowser(device)]
  return Promise.all(
    browsers.map(async ({ browser, who }) => ({ browser, who, page: await enterCode(browser, userCode) })),
  )
}

const says = (page: Visit) => textOf(page.html)

test('of two people who approve one device at once the first wins, and the other is told that the code was used', async () => {
  for (let round = 0; round < 3; round += 1) {
    const { client, device } = await aDevice()
    const begun = await device.begin(EVERYTHING)
    const people = await rivals(device, begun.user_code)
    const pages = await Promise.all(people.map(({ browser, page }) => answerCompare(browser, page)))
    const winners = people.filter((_, index) => says(pages[index] as Visit).includes('Your device is connected'))
    const losers = pages.filter((page) => says(page).includes('This code was used before'))
    expect([winners.length, losers.length]).toEqual([1, 1])
    expect(losers[0]?.status).toBe(410)
    expect(await stage.admin.eventOf('device.refused', (losers[0] as Visit).headers)).toMatchObject({
      client_id: client.id,
      reason: 'the device was decided before',
    })
    const approved = await stage.admin.audit('device.approved')
    const ofThis = approved.filter((event) => event['client_id'] === client.id)
    // the other two are from the devices that made the browsers ready
    expect(ofThis).toHaveLength(3)
    const { body } = await device.poll(begun)
    expect(decodeJwt(String(body['access_token'])).sub).toBe(winners[0]?.who.sub)
  }
})

test('a refusal is never undone by an approval at the same time, nor the other way round', async () => {
  for (let round = 0; round < 4; round += 1) {
    const { device } = await aDevice()
    const begun = await device.begin(EVERYTHING)
    const [approver, refuser] = await rivals(device, begun.user_code)
    const decide = (one: { browser: Person; page: Visit } | undefined, value: 'allow' | 'deny') =>
      answerCompare(one?.browser as Person, one?.page as Visit, value)
    const [approving, refusing] = await Promise.all([decide(approver, 'allow'), decide(refuser, 'deny')])
    const isApproved = says(approving).includes('Your device is connected')
    expect(says(isApproved ? refusing : approving)).toContain('This code was used before')
    if (!isApproved) expect(says(refusing)).toContain('Nothing was connected')
    expect((await device.poll(begun)).status).toBe(isApproved ? 200 : 400)
  }
})
