/** Which language the pages speak, and that there is a way on from each of them. */
import { beforeAll, describe, expect, test } from 'vitest'
import { textOf, type Visit } from '../support/person.ts'
import { fieldOf, startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

describe('the language', () => {
  const languageOf = (page: Visit) => /<html lang="(\w+)" dir="ltr">/.exec(page.html)?.[1]

  test.each([
    ['ko', { ui_locales: 'fr ko-KR en' }],
    ['en', { ui_locales: 'EN-gb' }],
    ['en', { ui_locales: 'tlh' }],
    ['en', {}],
  ])('is %s for %j', async (language, params) => {
    expect(languageOf(await world.signInPage(world.somebody(), params))).toBe(language)
  })

  test.each([
    ['ko', 'ko-KR,ko;q=0.9,en;q=0.5'],
    ['en', 'fr, en;q=0.8, ko;q=0.5'],
    ['en', '*'],
    ['en', ';;q=,,'],
  ])('is %s where the browser accepts "%s"', async (language, accepted) => {
    const answer = await world.server.fetch('/', { headers: { accept: 'text/html', 'accept-language': accepted } })
    expect(answer.headers.get('content-language')).toBe(language)
    expect(answer.headers.get('vary')).toMatch(/accept-language/i)
  })

  test("is the account's where the app asks for none, and the app's where it does", async () => {
    const browser = world.somebody()
    await world.consentPage(browser)
    expect(languageOf(await browser.visit(world.app.begin({ prompt: 'consent' }).url))).toBe('ko')
    expect(languageOf(await browser.visit(world.app.begin({ prompt: 'consent', ui_locales: 'en' }).url))).toBe('en')
  })

  test('that the person chose at the foot goes before all others, and stays', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser, { ui_locales: 'ko' })
    const switched = await browser.visit(new URL('?lang=en', page.url).href)
    expect(languageOf(switched)).toBe('en')
    expect(languageOf(await world.signInPage(browser, { ui_locales: 'ko' }))).toBe('en')
    expect(languageOf(await browser.visit(new URL('?lang=tlh', page.url).href))).toBe('en')
  })
})

describe('the way on', () => {
  test('from the address of a form is the question itself', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser)
    const again = await browser.visit(`${page.url}/login?lang=ko`)
    expect(again.url).toBe(`${page.url}?lang=ko`)
    expect(textOf(again.html)).toContain('로그인')
  })

  test('for an answer to a question that is no longer open is the one that is', async () => {
    const browser = world.somebody()
    const page = await world.consentPage(browser)
    const answer = await world.post(browser, page, {
      step: 'login',
      body: new URLSearchParams({ csrf: fieldOf(page, 'csrf') }),
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, new URL(page.url).pathname])
  })

  test.each(['/interaction/none-such', '/interaction/%00', `/interaction/${'x'.repeat(400)}`])(
    'from %s is said in words',
    async (path) => {
      const page = await world.somebody().visit(path)
      expect([400, 404]).toContain(page.status)
      expect(textOf(page.html)).toMatch(/This sign-in is over|This request cannot go on/)
    },
  )

  test('from a sign-in of another browser is to start again', async () => {
    const page = await world.signInPage(world.somebody(), { state: 'kept' })
    const foreign = await world.somebody().visit(page.url)
    expect(foreign.status).toBe(403)
    expect(textOf(foreign.html)).toContain('This sign-in began elsewhere')
    const href = /class="button primary" href="([^"]*)"/.exec(foreign.html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(new URL(href).pathname).toBe('/authorize')
    expect(new URL(href).searchParams.get('state')).toBe('kept')
  })
})
