/** A person in Chromium signs in at a live server, consents and signs out. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { signedInPage, signIn, startWorld, type World } from './world.ts'

const browser = await openBrowser()

let world: World
let context: BrowserContext | undefined

beforeAll(async () => {
  if (browser) world = await startWorld()
})

afterEach(async () => {
  await context?.close()
  context = undefined
})

/** `scripted: false` switches JavaScript off. */
async function newContext(options: { scripted?: boolean; locale?: string } = {}): Promise<BrowserContext> {
  if (!browser) throw new Error('there is no browser')
  context = await browser.newContext({ javaScriptEnabled: options.scripted ?? true, locale: options.locale ?? 'en' })
  return context
}

describe.skipIf(!browser)('in a browser without JavaScript', () => {
  test('a person signs in, allows what the app asks for, and is back at the app with a code', async () => {
    const page = await (await newContext({ scripted: false })).newPage()
    await page.goto(world.request({ state: 'here' }))
    expect(await page.textContent('h1')).toBe('Sign in')
    await signIn(page)
    expect(await page.textContent('h1')).toBe('Give shop access?')
    await page.click('button[name=decision][value=allow]')
    await page.waitForURL(`${world.shop.callback}?**`)
    const landed = new URL(page.url())
    expect(landed.origin + landed.pathname).toBe(world.shop.callback)
    expect(Object.fromEntries(landed.searchParams)).toEqual({
      code: expect.stringMatching(/.{20,}/) as string,
      iss: world.server.issuer,
      state: 'here',
    })
  })

  test('the keyboard alone is enough, and every stop of it is visible', async () => {
    const page = await (await newContext({ scripted: false })).newPage()
    await page.goto(world.request({ prompt: 'login consent' }))
    await page.waitForSelector('[name=identifier]:focus')
    await page.keyboard.type('ada@example.com')
    await page.keyboard.press('Tab')
    await page.keyboard.type('correct horse battery staple')
    await page.keyboard.press('Enter')
    await page.waitForSelector('button[value=allow]')
    const stops: string[] = []
    for (let tabs = 0; tabs < 9; tabs += 1) {
      await page.keyboard.press('Tab')
      const { text, outline } = await focused(page)
      stops.push(text)
      expect(outline).toBeGreaterThanOrEqual(2)
    }
    // the scopes that can be left out, each a box without words of its own
    const buttons = ['Allow', 'Not now', 'Not you? Use another account']
    expect(stops).toEqual(['', '', '', '', ...buttons, "The app's privacy policy", '한국어'])
    await page.focus('button[value=allow]')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${world.shop.callback}?**`)
    expect(new URL(page.url()).searchParams.get('code')).not.toBeNull()
  })

  test('a person who wants to read Korean finds it at the foot, and the next page speaks it too', async () => {
    const page = await (await newContext({ scripted: false })).newPage()
    await page.goto(world.request({ prompt: 'login consent' }))
    await page.click('text=한국어')
    expect(await page.textContent('h1')).toBe('로그인')
    expect(await page.getAttribute('html', 'lang')).toBe('ko')
    await signIn(page)
    expect(await page.textContent('h1')).toBe('shop 앱에 접근을 허용할까요?')
  })

  test('"Not now" and the way back from the sign-in both bring the person to the app with access_denied', async () => {
    const page = await signedInPage(await newContext({ scripted: false }), world)
    await page.click('button[value=deny]')
    await page.waitForURL(`${world.shop.callback}?**`)
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied')
    await page.goto(world.request({ prompt: 'login' }))
    await page.click('text=Back to shop')
    await page.waitForURL(`${world.shop.callback}?**`)
    const landed = new URL(page.url())
    expect(landed.origin + landed.pathname).toBe(world.shop.callback)
    expect(landed.searchParams.get('error')).toBe('access_denied')
    expect(landed.searchParams.get('iss')).toBe(world.server.issuer)
  })

  test('one button signs the person out and leads back to the app', async () => {
    const page = await signedInPage(await newContext({ scripted: false }), world)
    await page.goto(world.signOutRequest())
    expect(await page.locator('button').allTextContents()).toEqual(['Sign out'])
    await page.click('button')
    await page.waitForURL(`${world.shop.origin}/bye`)
    await page.goto(world.request())
    expect(await page.textContent('h1')).toBe('Sign in')
  })
})

describe.skipIf(!browser)('the policy of the pages', () => {
  test('lets the app send the person on to another port of its own', async () => {
    const page = await signedInPage(await newContext(), world)
    await page.goto(world.request({ prompt: 'consent', state: 'onward' }))
    await page.click('button[value=allow]')
    await page.waitForURL(`${world.shop.front}/`)
    expect(await page.textContent('h1')).toBe('front')
  })

  test('blocks scripts, foreign styles and forms to elsewhere', async () => {
    const page = await (await newContext()).newPage()
    await page.goto(world.request())
    const blocked = await page.evaluate(TRESPASS)
    expect(blocked).toEqual({
      directives: ['form-action', 'img-src', 'script-src-elem', 'style-src-attr'],
      ran: false,
    })
  })
})

describe.skipIf(!browser)('no dead end', () => {
  test('a second tab of a sign-in that was finished says so and leads back to the app', async () => {
    const first = await (await newContext()).newPage()
    await first.goto(world.request({ prompt: 'login consent' }))
    const address = first.url()
    await signIn(first)
    const second = await (context as BrowserContext).newPage()
    await second.goto(address)
    expect(await second.textContent('h1')).toBe('This sign-in is over')
    expect(await second.getAttribute('a.button.primary', 'href')).toBe(`${world.shop.origin}/`)
  })

  test('the back button after the consent leads on, not into a wall', async () => {
    const page = await signedInPage(await newContext(), world)
    await page.click('button[value=allow]')
    await page.waitForURL(`${world.shop.callback}?**`)
    await page.goBack()
    expect(await page.textContent('h1')).toBe('This sign-in is over')
    await page.click('text=Back to shop')
    await page.waitForURL(`${world.shop.origin}/`)
  })

  test('who is signed out already is led back to the app by its sign-out, or told so', async () => {
    const page = await (await newContext({ scripted: false })).newPage()
    await page.goto(`${world.signOutRequest()}&state=kept`)
    expect(page.url()).toBe(`${world.shop.origin}/bye?state=kept`)
    await page.goto(`${world.server.issuer}/logout`)
    expect(await page.textContent('h1')).toBe('You are signed out')
  })

  test('without the cookies of its beginning a sign-in can be started again', async () => {
    const page = await (await newContext()).newPage()
    await page.goto(world.request({ state: 'again' }))
    await (context as BrowserContext).clearCookies()
    await signIn(page)
    expect(await page.textContent('h1')).toBe('This sign-in began elsewhere')
    await page.click('text=Start again')
    await signIn(page)
    expect(await page.textContent('h1')).toMatch(/Give shop access|shop/)
  })
})

/** Tries what a page must not do, and gives what was blocked. A text, since tests are not typed for a browser. */
const TRESPASS = `(async () => {
  const directives = new Set()
  document.addEventListener('securitypolicyviolation', (event) => directives.add(event.effectiveDirective))
  document.body.insertAdjacentHTML('beforeend', '<b style="color:red"></b><img src="https://elsewhere.example/x">')
  const script = document.createElement('script')
  script.textContent = 'window.ran = true'
  document.body.append(script)
  const form = document.createElement('form')
  form.action = 'https://elsewhere.example/'
  document.body.append(form)
  form.submit()
  while (directives.size < 4) await new Promise(requestAnimationFrame)
  return { directives: [...directives].sort(), ran: 'ran' in window }
})()`

/** The words of the focused control, and how wide its outline is. */
function focused(page: Page): Promise<{ text: string; outline: number }> {
  return page.evaluate(`(() => {
    const element = document.activeElement
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    return { text: element.textContent.trim(), outline: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth) }
  })()`)
}

describe.skipIf(!browser)('in a popup of an app', () => {
  test('a person signs in, and the popup can tell the app that opened it', async () => {
    const app = await (await newContext()).newPage()
    await app.goto(world.shop.origin)
    await app.evaluate(`addEventListener('message', ({ data, origin }) => { document.title = origin + ' ' + data })`)
    const request = world.request({ prompt: 'login consent', state: 'popup' })
    const opened = app.waitForEvent('popup')
    await app.evaluate(`void window.open(${JSON.stringify(request)}, 'sign-in', 'popup')`)
    const popup = await opened
    await popup.waitForSelector('[name=identifier]')
    await signIn(popup)
    await popup.click('button[name=decision][value=allow]')
    await popup.waitForURL(`${world.shop.callback}?**`)
    await popup.evaluate(`opener.postMessage(new URL(location.href).searchParams.get('state'), location.origin)`)
    await app.waitForFunction(`document.title === location.origin + ' popup'`)
  })
})

describe.skipIf(!browser)('an answer by form_post', () => {
  test.each([
    ['by itself', true],
    ['by the button in a browser without JavaScript', false],
  ])('reaches the app %s', async (_how, scripted) => {
    const page = await (await newContext({ scripted })).newPage()
    const arrived = page.waitForRequest((sent) => sent.url() === world.shop.callback && sent.method() === 'POST')
    await page.goto(world.request({ response_mode: 'form_post', state: 'here', prompt: 'login consent' }))
    await signIn(page)
    await page.click('button[name=decision][value=allow]')
    if (!scripted) {
      expect(await page.textContent('h1')).toBe('Back to the app')
      await page.click('button[type=submit]')
    }
    const sent = new URLSearchParams((await arrived).postData() ?? '')
    expect(Object.fromEntries(sent)).toEqual({
      code: expect.stringMatching(/.{20,}/) as string,
      iss: world.server.issuer,
      state: 'here',
    })
    await page.waitForURL(world.shop.callback)
  })
})
