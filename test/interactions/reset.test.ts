/** A forgotten password is replaced by whoever reads the mail of the account, on a live server with real mail. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { textOf } from '../support/person.ts'
import { type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld()
})

describe('a reset', () => {
  test('by the code of the mail sets a new password and leads on to the app, with a notice by mail', async () => {
    const { email } = await world.account()
    const browser = world.somebody()
    const page = await world.prove(browser, 'reset', email)
    expect(textOf(page.html)).toContain('Choose a new password')
    const end = await browser.submit(page, { password: NEW_PASSWORD })
    console.log(end.status, end.url, textOf(end.html))
    const { subject } = await world.mail(email, 2)
    expect(subject).toBe('Your password was reset at Signet')
    const other = world.somebody()
    const old = await other.submit(await world.signInPage(other), { identifier: email, password: PASSWORD })
    expect(old.status).toBe(422)
  })
})
