/** The page for the code of a device (RFC 8628 §3.3), guessing (§5.1), and what strangers can have written. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { connect, createDevice, enterCode } from '../support/device.ts'
import { letTimePass } from '../support/passed-time.ts'
import { person, type Person, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { ada, type DeviceWorld, says, startDeviceWorld } from './device-world.ts'
import { fieldOf } from './world.ts'

let world: DeviceWorld

beforeAll(async () => {
  world = await startDeviceWorld()
})

async function rows(kind: string): Promise<number> {
  const { rows: found } = await asSuperuser(
    (db) => db.query<{ count: string }>('SELECT count(*) FROM artefacts WHERE kind = $1', [kind]),
    world.server.databaseUrl,
  )
  return Number(found[0]?.count)
}

describe('the page for the code', () => {
  test('asks for it, warns of codes that others sent, and runs no script', async () => {
    const page = await world.someone().visit('/device')
    expect(page.status).toBe(200)
    expect(page.html).toContain('name="user_code"')
    expect(page.html).not.toContain('<script')
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'")
    expect(says(page)).toMatch(/someone sent you a code or a link, close this page/i)
  })

  test('shows the code of a link to be compared, and does nothing until the person sends it', async () => {
    const begun = await world.device.begin()
    const before = await rows('Interaction')
    const browser = world.someone()
    const page = await browser.visit(begun.verification_uri_complete)
    expect(fieldOf(page, 'user_code')).toBe(begun.user_code)
    expect(says(page)).toContain('Does your device show exactly this code?')
    expect(await rows('Interaction')).toBe(before)
    expect(page.html).not.toMatch(/onload|<script|http-equiv="refresh"/i)
    const compare = await browser.submit(page, {})
    expect(says(compare)).toContain(begun.user_code)
  })

  test.each(['', 'WDJB', 'WDJB-MJHT-WDJB', 'AEIO-UAEI', '<b>x</b>', 'WDJB-MJH1'])(
    'shows nothing of a link that carries no code: %j',
    async (code) => {
      const page = await world.someone().visit(`/device?user_code=${encodeURIComponent(code)}`)
      expect(page.status).toBe(200)
      expect(fieldOf(page, 'user_code')).toBe('')
      expect(says(page)).toContain('Enter the code that your device shows.')
    },
  )

  test.each([
    ['in small letters', (code: string) => code.toLowerCase()],
    ['without the dash', (code: string) => code.replace('-', '')],
    ['with blanks', (code: string) => ` ${code.replace('-', '  ')} `],
    ['with another dash', (code: string) => code.replace('-', '\u2013')],
    ['full width', (code: string) => code.replaceAll(/[A-Z]/g, (c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0))],
  ])('takes the code as people type it: %s', async (_how, typed) => {
    const begun = await world.device.begin()
    const page = await enterCode(world.someone(), typed(begun.user_code))
    expect(says(page)).toContain('Connect Telly?')
  })

  test('asks again for an empty field, and counts nothing', async () => {
    const page = await enterCode(world.someone(), '  - ')
    expect(page.status).toBe(422)
    expect(says(page)).toContain('Enter the code that your device shows.')
  })

  test('says that a code is unknown, expired or used, each with its event', async () => {
    const unknown = await enterCode(world.someone(), 'BCDF-GHJK')
    expect(unknown.status).toBe(422)
    expect(says(unknown)).toContain('We don’t know that code.')
    expect(fieldOf(unknown, 'user_code')).toBe('BCDF-GHJK')
    expect(await world.admin.eventOf('device.refused', unknown.headers)).toMatchObject({
      outcome: 'failure',
      actor: { kind: 'anonymous' },
      reason: 'there is no such user code',
    })
    const begun = await world.device.begin()
    await connect(world.someone(), begun.user_code, ada)
    const approved = await enterCode(world.someone(), begun.user_code)
    expect([approved.status, says(approved)]).toEqual([410, expect.stringContaining('That code was used before.')])
    expect((await world.device.poll(begun)).status).toBe(200)
    const used = await enterCode(world.someone(), begun.user_code)
    expect(used.status).toBe(410)
    expect(says(used)).toContain('That code was used before.')
    expect(await world.admin.eventOf('device.refused', used.headers)).toMatchObject({
      reason: 'the user code was decided before',
    })
    const other = await world.admin.client('device', { client_name: 'Late' })
    const late = await createDevice(world.server, other).begin()
    await letTimePass(world.server.databaseUrl, 601, other.id)
    const expired = await enterCode(world.someone(), late.user_code)
    expect(expired.status).toBe(410)
    expect(says(expired)).toContain('That code has expired.')
    expect(await world.admin.eventOf('device.refused', expired.headers)).toMatchObject({
      reason: 'the user code has expired',
    })
  })

  test('shows no markup of what was typed', async () => {
    const page = await enterCode(world.someone(), '"><script>alert(1)</script>')
    expect(page.status).toBe(422)
    expect(page.html).not.toContain('<script')
  })

  test('takes no form that another site made, or that has no csrf field of this browser', async () => {
    const begun = await world.device.begin()
    const browser = world.someone()
    const page = await browser.visit('/device')
    for (const forged of [
      await browser.submit(page, { user_code: begun.user_code, csrf: 'x' }),
      await world.someone().submit(page, { user_code: begun.user_code }),
      await person(() => world.from(world.address(), { 'sec-fetch-site': 'cross-site' })).submit(page, {
        user_code: begun.user_code,
      }),
    ]) {
      expect(forged.status).toBe(403)
      expect(says(forged)).toContain('open for too long')
      expect(await world.admin.eventOf('device.refused', forged.headers)).toMatchObject({
        reason: 'the form was not made by a page of this site in this browser',
      })
    }
  })
})

describe('guessing', () => {
  /** Sends wrong codes at once. Returns how many were checked, and the page of one that was refused. */
  async function guess(browser: Person, count: number): Promise<{ checked: number; refused: Visit | undefined }> {
    const page = await browser.visit('/device')
    const pages = await Promise.all(
      Array.from({ length: count }, () => browser.submit(page, { user_code: 'BCDF-GHJK' })),
    )
    for (const { status } of pages) expect([422, 429]).toContain(status)
    const checked = pages.filter(({ status }) => status === 422).length
    return { checked, refused: pages.find(({ status }) => status === 429) }
  }

  test('is refused after fifty codes of an address, also for a right one; other addresses and sign-ins go on', async () => {
    const begun = await world.device.begin()
    const address = world.address()
    const { checked, refused } = await guess(world.someone(address), 55)
    expect(checked).toBe(50)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(says(refused as Visit)).toContain('There were too many attempts.')
    const event = await world.admin.eventOf('device.refused', (refused as Visit).headers)
    expect(event).toMatchObject({ address, reason: 'too many attempts' })
    expect((await enterCode(world.someone(address), begun.user_code)).status).toBe(429)
    await connect(world.someone(), begun.user_code, ada)
    // at the same address people still sign in, and those who are signed in still connect devices
    const browser = world.someone(address)
    const account = await browser.visit('/account')
    expect((await browser.submit(account, { identifier: ada.email, password: ada.password })).status).toBe(200)
    expect(says(await enterCode(browser, (await world.device.begin()).user_code))).toContain('Connect Telly?')
  })

  test('by a signed-in person is counted for them alone, and right codes do not clear the count', async () => {
    const eve = { email: 'eve@example.com', password: PASSWORD }
    await world.admin.account(eve.email, eve.password)
    const address = world.address()
    const browser = world.someone(address)
    await connect(browser, (await world.device.begin()).user_code, eve)
    expect(await guess(browser, 5)).toMatchObject({ checked: 5 })
    expect((await enterCode(browser, (await world.device.begin()).user_code)).status).toBe(200)
    const { checked, refused } = await guess(browser, 15)
    expect(checked).toBe(5)
    expect(await world.admin.eventOf('device.refused', (refused as Visit).headers)).toMatchObject({
      actor: { kind: 'account' },
      reason: 'too many attempts',
    })
    // nobody else at the address waits
    expect((await enterCode(world.someone(address), (await world.device.begin()).user_code)).status).toBe(200)
  })
})

describe('what strangers can have written', () => {
  test('is bounded: beyond the budget of an address a public device gets no codes, another address does', async () => {
    const address = world.address()
    await world.admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: 1 } })
    const params = { scope: 'openid', nonce: 'x'.repeat(4096) }
    const exhaust = async (also: Record<string, string>) => {
      let asked = await world.device.ask(also, world.from(address))
      for (let tries = 0; asked.status === 200 && tries < 200; tries += 1)
        asked = await world.device.ask(also, world.from(address))
      return asked
    }
    await exhaust(params)
    const answer = await exhaust({})
    expect(answer).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await world.device.ask({}, world.from('203.0.113.250'))).status).toBe(200)
    // nor does it begin interactions with a code that it has
    const begun = await world.device.begin()
    const refused = await enterCode(world.someone(address), begun.user_code)
    expect(refused.status).toBe(429)
    expect((await world.device.poll(begun)).body['error']).toBe('authorization_pending')
    await world.admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: 10_000 } })
  })
})
