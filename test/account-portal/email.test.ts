/** The e-mail address of an account: proven before it counts, and told to the old one when it is another. */
import { beforeAll, describe, expect, test } from 'vitest'
import { devMail } from '../support/dev-mail.ts'
import { type Person, textOf, type Visit } from '../support/person.ts'
import { type Somebody, startWorld, type World } from './world.ts'
import { DELIVERED_MS } from '../support/eventually.ts'

const WRONG = 'That code or link is not right, or it is too old.'

let world: World
let addresses = 0

beforeAll(async () => {
  world = await startWorld()
})

function newAddress(): string {
  addresses += 1
  return `new-${addresses}@example.com`
}

async function ask(browser: Person, email: string): Promise<Visit> {
  return world.press(browser, await world.open(browser, '/email'), 'value="ask"', { email })
}

async function accountOf({ sub }: Somebody): Promise<Record<string, unknown>> {
  return world.admin.call('GET', `/accounts/${sub}`)
}

describe('an address', () => {
  test('takes the place of the old one when the code sent to it was entered, and the old one is told', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const address = newAddress()
    const asked = await ask(browser, address)
    expect(textOf(asked.html)).toContain(`A code is on its way to ${address}`)
    const { code } = await devMail(world.first, address, '/account/email')
    expect(await accountOf(who)).toMatchObject({ email: who.email, email_verified: false })
    const page = await world.press(browser, asked, 'name="code"', { code: `${code.slice(0, 4)} ${code.slice(4)}` })
    expect(textOf(page.html)).toContain('Your e-mail address is confirmed.')
    expect(await accountOf(who)).toMatchObject({ email: address, email_verified: true })
    await expect
      .poll(() => world.mails(who), { timeout: DELIVERED_MS })
      .toMatchObject([{ subject: 'Your e-mail address was changed at Signet' }])
    expect(await world.event(who, 'account.updated')).toMatchObject({ actor: { kind: 'account', id: who.sub } })
  })

  test('of one’s own is confirmed by the link, which changes nothing when it is merely opened', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    await ask(browser, who.email)
    const { link } = await devMail(world.first, who.email, '/account/email')
    const opened = await browser.visit(link)
    expect(textOf(opened.html)).toContain('Confirm this address?')
    expect(await accountOf(who)).toMatchObject({ email_verified: false })
    const page = await world.press(browser, opened, 'name="token"')
    expect(textOf(page.html)).toContain('Your e-mail address is confirmed.')
    expect(await accountOf(who)).toMatchObject({ email: who.email, email_verified: true })
    const again = await world.press(browser, await browser.visit(link), 'name="token"')
    expect([again.status, textOf(again.html)]).toEqual([422, expect.stringContaining(WRONG)])
  })

  test('is not given to who is signed in as somebody else and opens the link', async () => {
    const [who, other] = [await world.somebody(), await world.somebody()]
    const [browser, theirs] = [await world.signedIn(who), await world.signedIn(other)]
    const address = newAddress()
    await ask(browser, address)
    const { link } = await devMail(world.first, address, '/account/email')
    const page = await world.press(theirs, await theirs.visit(link), 'name="token"')
    expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining(WRONG)])
    expect(await accountOf(other)).toMatchObject({ email: other.email })
  })

  test('stays as it is after a wrong code', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const asked = await ask(browser, newAddress())
    const page = await world.press(browser, asked, 'name="code"', { code: '00000000' })
    expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining(WRONG)])
    expect(await accountOf(who)).toMatchObject({ email: who.email, email_verified: false })
    expect(await world.event(who, 'email_code.refused')).toMatchObject({ outcome: 'failure' })
  })

  test('that is none is refused', async () => {
    const browser = await world.signedIn(await world.somebody())
    const page = await ask(browser, 'nobody at example')
    expect([page.status, textOf(page.html)]).toEqual([422, expect.stringContaining('Write an e-mail address such as')])
  })

  test('of somebody else is asked for as every other, and never given', async () => {
    const [who, other] = [await world.somebody(), await world.somebody()]
    const browser = await world.signedIn(who)
    const asked = await ask(browser, other.email)
    expect(textOf(asked.html)).toContain(`A code is on its way to ${other.email}`)
    expect((await world.press(browser, asked, 'name="code"', { code: '00000000' })).status).toBe(422)
    expect(await accountOf(who)).toMatchObject({ email: who.email })
  })

  test('ASVS 7.5.1: is asked for after a fresh proof alone', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await world.open(browser, '/email')
    await world.age(who, 301)
    const again = await world.press(browser, page, 'value="ask"', { email: newAddress() })
    expect([again.status, textOf(again.html)]).toEqual([403, expect.stringContaining('nothing was changed')])
    expect(again.html).toContain('href="/account/confirm?to=email"')
  })
})
