/** Who comes to their own page, how, and where from. */
import { beforeAll, describe, expect, test } from 'vitest'
import { textOf } from '../support/person.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

describe('coming in', () => {
  test('who is not signed in is sent to sign in, and comes back to the page they wanted', async () => {
    const who = await world.somebody()
    const browser = world.browser()
    const asked = await world.open(browser, '/sessions')
    expect(asked.url).toContain('/interaction/')
    const page = await browser.submit(asked, { identifier: who.email, password: who.password })
    expect([page.status, page.url]).toEqual([200, `${world.first.issuer}/account/sessions`])
    expect(textOf(page.html)).toContain('Where you are signed in')
  })
})
