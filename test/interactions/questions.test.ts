/** The sign-in and consent pages on a live server: what they say, and what their forms do. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { textOf } from '../support/person.ts'
import { API, EMAIL, fieldOf, startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

describe('the sign-in page', () => {
  test('names the app and its host, and asks for an e-mail address and a password in one form', async () => {
    const page = await world.signInPage(world.somebody())
    expect(page.status).toBe(200)
    expect(textOf(page.html)).toContain('You will go on to shop at shop.example .')
    const form = /<form[^>]*method="post"[^>]*>([\s\S]*?)<\/form>/.exec(page.html)?.[1]
    expect(form).toMatch(/name="identifier"/)
    expect(form).toMatch(/name="password"/)
    expect(form).toMatch(/<button\s+type="submit"/)
    expect(page.html).not.toMatch(/formaction/)
    expect(page.html.match(/<script/g), 'the one for passkeys').toHaveLength(1)
  })

  test('goes to nobody else: no referrer, no cache, no frame, nothing but its own style, script and forms', async () => {
    const { headers } = await world.signInPage(world.somebody())
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; base-uri 'none'; form-action 'self' https:\/\/shop\.example; frame-ancestors 'none'; style-src 'sha256-[\w+/=]{44}'; img-src data:; script-src 'sha256-[\w+/=]{44}'; connect-src 'self'$/,
    )
  })

  test('is filled in with the login hint', async () => {
    const page = await world.signInPage(world.somebody(), { login_hint: 'grace@example.com' })
    expect(fieldOf(page, 'identifier')).toBe('grace@example.com')
  })

  test('says that the two do not match, keeps the address and never the password', async () => {
    const browser = world.somebody()
    const page = await browser.submit(await world.signInPage(browser), {
      identifier: EMAIL,
      password: 'not-my-password',
    })
    expect(page.status).toBe(422)
    expect(textOf(page.html)).toContain('That e-mail address and password do not match. Check both and try again.')
    expect(page.html).toContain('<title>Error: Sign in · Signet</title>')
    expect(fieldOf(page, 'identifier')).toBe(EMAIL)
    expect(page.html).not.toContain('not-my-password')
    expect(await world.newestEvent('sign_in.failed')).toMatchObject({
      reason: 'wrong password',
      client_id: world.client.id,
    })
  })

  test('says the same to an unknown address as to a wrong password', async () => {
    const [known, unknown] = await Promise.all(
      [EMAIL, 'nobody@example.com'].map(async (identifier) => {
        const browser = world.somebody()
        return browser.submit(await world.signInPage(browser), { identifier, password: 'not-my-password' })
      }),
    )
    expect(unknown?.status).toBe(known?.status)
    expect(textOf(unknown?.html ?? '')).toBe(textOf(known?.html ?? ''))
  })

  test('says beside each field that it is empty', async () => {
    const browser = world.somebody()
    const page = await browser.submit(await world.signInPage(browser), { identifier: '  ', password: '' })
    expect(page.status).toBe(422)
    for (const [name, message] of [
      ['identifier', 'Enter your e-mail address.'],
      ['password', 'Enter your password.'],
    ]) {
      expect(page.html).toMatch(new RegExp(`id="${name}"[^>]*aria-invalid="true"[^>]*aria-describedby="${name}-error"`))
      expect(page.html).toMatch(new RegExp(`id="${name}-error"[\\s\\S]*?${message}`))
    }
  })

  test('answers a right password with 303', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser)
    const answer = await world.post(browser, page, {
      step: 'login',
      body: new URLSearchParams({ csrf: fieldOf(page, 'csrf'), identifier: EMAIL, password: PASSWORD }),
    })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toMatch(new RegExp(`^${world.server.issuer}/authorize/`))
  })
})

describe('the consent page', () => {
  test('names the app, its host, the API and its host, the person and the scopes in words', async () => {
    const page = await world.consentPage(world.somebody(), {
      scope: 'openid email offline_access posts:read posts:write',
      resource: API,
    })
    const words = textOf(page.html)
    expect(words).toContain('Give shop access?')
    expect(words).toContain(`shop at shop.example asks you, ${EMAIL} , to let it:`)
    expect(words).toContain('Recognize you See your e-mail address Keep this access')
    expect(words).toContain('Posts api.example.com Read your posts posts:write')
    expect(words).toContain('Either way you go back to shop.example , and are asked again only if the app wants more.')
  })

  test('shows the scopes ticked, "allow" before "deny", in one form', async () => {
    const page = await world.consentPage(world.somebody(), { scope: 'openid posts:read', resource: API })
    const forms = [...page.html.matchAll(/<form[\s\S]*?<\/form>/g)]
    expect(forms).toHaveLength(1)
    const form = forms[0]?.[0] ?? ''
    expect([...form.matchAll(/name="scope" value="([^"]*)" checked/g)].map(([, scope]) => scope)).toEqual([
      'openid',
      'posts:read',
    ])
    expect(form.match(/<button type="submit" name="decision" value="\w+"/g)).toEqual([
      '<button type="submit" name="decision" value="allow"',
      '<button type="submit" name="decision" value="deny"',
    ])
  })

  test('asks again for what is new, and for that alone', async () => {
    const browser = world.somebody()
    await world.admin.account('new@example.com', PASSWORD)
    const who = { email: 'new@example.com', password: PASSWORD }
    await browser.authorize(world.app.begin({ scope: 'openid posts:read', resource: API }).url, who)
    const same = await browser.visit(world.app.begin({ scope: 'openid posts:read', resource: API }).url)
    expect(same.left?.searchParams.get('code')).toMatch(/.+/)
    const more = await browser.visit(world.app.begin({ scope: 'openid posts:read posts:write', resource: API }).url)
    expect(textOf(more.html)).toContain('posts:write')
    expect(textOf(more.html)).not.toContain('Read your posts')
  })

  test('ASVS 10.7.1: answers both decisions with 303, "deny" with access_denied at the app and an event', async () => {
    for (const decision of ['allow', 'deny']) {
      const browser = world.somebody()
      const page = await world.consentPage(browser)
      const csrf = fieldOf(page, 'csrf')
      const answer = await world.post(browser, page, { step: 'consent', body: new URLSearchParams({ csrf, decision }) })
      expect(answer.status).toBe(303)
    }
    const browser = world.somebody()
    const denied = await browser.submit(await world.consentPage(browser), {}, { name: 'decision', value: 'deny' })
    expect(denied.left?.origin).toBe('https://shop.example')
    expect(denied.left?.searchParams.get('error')).toBe('access_denied')
    expect(denied.left?.searchParams.get('error_description')).toBe('the person did not allow the request')
    expect(await world.newestEvent('consent.denied')).toMatchObject({ client_id: world.client.id })
  })

  test('sent by neither button it is shown again', async () => {
    const browser = world.somebody()
    const page = await world.consentPage(browser)
    const answer = await world.post(browser, page, {
      step: 'consent',
      body: new URLSearchParams({ csrf: fieldOf(page, 'csrf') }),
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, new URL(page.url).pathname])
  })
})
