/** A passkey that is not as it was: the person is told, signs in another way, and replaces it. */
import { beforeAll, expect, test } from 'vitest'
import { authenticatorApp } from '../support/authenticator-app.ts'
import type { Forgery, SoftwarePasskey } from '../support/authenticator.ts'
import { foreignKey } from '../support/authenticator.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from '../support/live-passkey.ts'
import { addPasskey, atOwnPage, type OwnPage } from '../support/own-page.ts'
import { textOf, type Visit } from '../support/person.ts'
import { type Somebody, startWorld, type World } from './world.ts'
import { DELIVERED_MS } from '../support/eventually.ts'

const TOLD = "We didn't accept that passkey because it has changed since you added it."
const REFUSED = 'That passkey could not be used. Try again, or sign in another way.'
const MAIL = 'A passkey was refused because it has changed at Signet'
let world: World

beforeAll(async () => {
  world = await startWorld()
})

async function present(passkey: SoftwarePasskey, forgery: Forgery = {}): Promise<Visit> {
  const browser = world.browser()
  const page = await world.open(browser)
  return submitPasskey(browser, page, passkey.assertion(passkeyRequestOf(page), forgery))
}

async function subjects(who: Somebody): Promise<string[]> {
  return (await world.mails(who)).map(({ subject }) => subject)
}

/** Somebody with a passkey whose counter is at 10, and a browser where they proved a password and a code in its place. */
async function withPasskey(): Promise<{ who: Somebody; passkey: SoftwarePasskey; own: OwnPage }> {
  const who = await world.somebody()
  const app = await authenticatorApp(world.first, who.sub)
  const passkey = await enrolPasskey(world.first, who.sub)
  passkey.signCount = 9
  expect((await present(passkey)).url).toMatch(/\/account$/)
  const browser = world.browser()
  const { email: identifier, password } = who
  const asked = await browser.submit(await world.open(browser), { identifier, password })
  await browser.submit(asked, { code: await app.code() })
  return { who, passkey, own: await atOwnPage(world, { who }, browser) }
}

/** What their page of passkeys says, and which passkeys a device must not make again. */
async function ownList(own: OwnPage): Promise<{ text: string; excluded: string[] }> {
  const { html } = await own.open('/passkeys')
  const options = /data-ceremony="create"\s+data-options="([^"]*)"/.exec(html)?.[1] ?? ''
  const { excludeCredentials = [] } = JSON.parse(options.replaceAll('&quot;', '"')) as {
    excludeCredentials?: { id: string }[]
  }
  return { text: textOf(html), excluded: excludeCredentials.map(({ id }) => id) }
}

test.each([
  ['counter went back', { signCount: 3 }, 'the counter went back'],
  ['kind of backup is another', { synced: true }, 'the passkey says of itself what it did not say when it was made'],
])(
  'a passkey whose %s is refused in these words, told by mail once, and can be replaced',
  async (_what, how, reason) => {
    const { who, passkey, own } = await withPasskey()
    expect((await ownList(own)).excluded).toEqual([passkey.id])

    for (let times = 0; times < 2; times += 1) {
      const refused = await present(passkey, how)
      expect([refused.status, textOf(refused.html).includes(TOLD)]).toEqual([422, true])
      expect(await world.event(who, 'sign_in.failed')).toMatchObject({ reason, detail: { method: 'passkey' } })
    }
    await expect.poll(() => subjects(who), { timeout: DELIVERED_MS }).toEqual([MAIL])
    expect((await world.mails(who))[0]?.text).toContain('Telephone')

    const { text, excluded } = await ownList(own)
    expect(text).toMatch(/Refused on .+ because it had changed/)
    expect(text).toContain('Replace Telephone')
    // the device that has it may make another in its place
    expect(excluded).toEqual([])
    await addPasskey(world, own, 'New telephone')
    const removed = await own.send('/passkeys', 'value="remove"', { passkey: 'remove' })
    expect(textOf(removed.html)).toContain('New telephone')
    expect(textOf(removed.html)).not.toContain('because it had changed')
    expect((await subjects(who)).filter((subject) => subject === MAIL)).toHaveLength(1)
  },
)

test('who does not have the key can make no passkey look changed', async () => {
  const { who, passkey, own } = await withPasskey()
  for (const how of [{ signCount: 3 }, { synced: true }]) {
    const refused = await present(passkey, { ...how, key: foreignKey() })
    expect([refused.status, textOf(refused.html).includes(REFUSED)]).toEqual([422, true])
    expect(await world.event(who, 'sign_in.failed')).toMatchObject({
      reason: 'the signature is not of this passkey',
      detail: { method: 'passkey' },
    })
  }
  expect((await ownList(own)).text).not.toContain('because it had changed')
})

test('the page says in Korean too that a passkey has changed', async () => {
  const who = await world.somebody({ locale: 'ko' })
  const passkey = await enrolPasskey(world.first, who.sub)
  const browser = world.browser()
  const page = await browser.visit(world.app.begin({ prompt: 'login', ui_locales: 'ko' }).url)
  const refused = await submitPasskey(browser, page, passkey.assertion(passkeyRequestOf(page), { synced: true }))
  expect(textOf(refused.html)).toContain('이 패스키는 추가했을 때와 달라져서 받지 않았어요.')
})
