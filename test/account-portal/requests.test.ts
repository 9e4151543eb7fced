/** What apps ask of a person without a browser (CIBA), on the account pages: seen, compared, and answered once. */
import { beforeAll, describe, expect, test } from 'vitest'
import { rowId } from '#oidc/adapter/sealing.ts'
import type { RegisteredClient } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { type CibaClient, createCibaClient, POLLING_CLIENT, type RequestAnswer } from '../support/ciba.ts'
import { letIntervalPass } from '../support/device.ts'
import { letTimePass } from '../support/passed-time.ts'
import { type Person, textOf, type Visit } from '../support/person.ts'
import { API, type Somebody, startWorld, type World } from './world.ts'

const MESSAGE = 'W4SCT'
const ASKED = { scope: 'openid email posts:read', resource: API, binding_message: MESSAGE }
const OVER = 'This request is over'

let world: World
let client: RegisteredClient
let till: CibaClient

beforeAll(async () => {
  world = await startWorld()
  client = await world.admin.client('web', {
    ...POLLING_CLIENT,
    client_name: 'Corner shop till',
    client_uri: 'https://till.example/about',
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  till = createCibaClient(world.first, client)
})

/** A request for a person, and its path below `/account`. */
async function begin({ email }: Somebody, also: Record<string, string> = {}) {
  const request = await till.begin({ login_hint: email, ...ASKED, ...also })
  return { ...request, path: `/requests/${rowId(request.auth_req_id).toString('base64url')}` }
}

/** A signed-in person, and a request that waits for them. */
async function askedPerson(also?: Record<string, string>) {
  const who = await world.somebody()
  return { who, browser: await world.signedIn(who), request: await begin(who, also) }
}

function answer(browser: Person, page: Visit, decision: 'allow' | 'deny'): Promise<Visit> {
  return browser.submit(page, {}, { name: 'decision', value: decision })
}

/** What the client learns at its next poll: a status and the error, if there is one. */
async function polled(request: Pick<RequestAnswer, 'auth_req_id'>) {
  await letIntervalPass(world.first.databaseUrl, client.id, 60)
  const { status, body } = await till.poll(request)
  return [status, body['error']]
}

const WAITS = [400, 'authorization_pending']

describe('a request that waits', () => {
  test('is shown with the app, the message to compare, and what is asked for, in the words of consent', async () => {
    const { who, browser, request } = await askedPerson()
    expect((await world.open(browser)).html).toContain(`href="/account${request.path}"`)
    const { status, html } = await world.open(browser, request.path)
    const words = textOf(html)
    expect(status).toBe(200)
    for (const text of [
      'Sign in to Corner shop till?',
      `Corner shop till ( till.example ) asks to sign you in as ${who.email} .`,
      `The app must show you exactly this message: ${MESSAGE}`,
      'Recognize you See your e-mail address Posts api.example.com Read your posts',
      'It gets access for a short time, and has to ask you again after that.',
      'Did you start this sign-in yourself? If not, or if someone called',
      'in 10 minutes',
    ]) {
      expect(words).toContain(text)
    }
    expect(words).not.toContain('Unverified')
  })

  test('approved, gives the app its tokens, and is listed with the apps and the activity', async () => {
    const { who, browser, request } = await askedPerson()
    const page = await answer(browser, await world.open(browser, request.path), 'allow')
    expect(page.url).toMatch(/\/account\/requests\?done=requestApproved$/)
    expect(textOf(page.html)).toContain('Approved. Go back to the app')
    expect(textOf(page.html)).toContain('No sign-in request is waiting.')
    expect(await polled(request)).toEqual([200, undefined])
    const apps = textOf((await world.open(browser, '/apps')).html)
    expect(apps).toMatch(/Corner shop till .*See your e-mail address Read your posts \(Posts\)/)
    expect(textOf((await world.open(browser, '/activity')).html)).toContain(
      'You approved the sign-in request of an app',
    )
    expect(await world.event(who, 'ciba.approved')).toMatchObject({
      outcome: 'success',
      actor: { kind: 'account', id: who.sub },
      client_id: client.id,
    })
  })

  test('denied, refuses the app', async () => {
    const { who, browser, request } = await askedPerson()
    const page = await answer(browser, await world.open(browser, request.path), 'deny')
    expect(textOf(page.html)).toContain('Denied. The app got no access.')
    expect(await polled(request)).toEqual([400, 'access_denied'])
    expect(await world.event(who, 'ciba.denied')).toMatchObject({
      outcome: 'failure',
      reason: 'the person did not allow it',
      actor: { kind: 'account', id: who.sub },
    })
  })

  test('of an app that nobody has checked says so, and shows no host that the app claims', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const unverified = { signet_verified: false, client_name: 'Doubtful', client_uri: 'https://bank.example' }
    const doubtful = createCibaClient(
      world.first,
      await world.admin.client('web', { ...POLLING_CLIENT, ...unverified }),
    )
    await doubtful.begin({ login_hint: who.email })
    const list = await world.open(browser, '/requests')
    const [, path = ''] = /href="\/account(\/requests\/[\w-]+)"/.exec(list.html) ?? []
    const words = textOf((await world.open(browser, path)).html)
    expect(words).toContain('Unverified: nobody here has checked who is behind Doubtful')
    expect(words).not.toContain('bank.example')
    expect(words).not.toContain('The app must show you')
  })
})

describe('the link of a mail', () => {
  test('tells a stranger nothing, and leads through the sign-in to the request', async () => {
    const who = await world.somebody()
    const request = await begin(who)
    const browser = world.browser()
    const asked = await world.open(browser, request.path)
    expect(textOf(asked.html)).not.toMatch(/Corner shop till|W4SCT/)
    const page = await browser.submit(asked, { identifier: who.email, password: who.password })
    expect(page.url).toMatch(new RegExp(`/account${request.path}$`))
    expect(textOf(page.html)).toContain(MESSAGE)
  })

  test('approves nothing, whoever opens it how often, also with a decision in its query', async () => {
    const { browser, request } = await askedPerson()
    for (const each of [browser, world.browser()]) {
      for (const query of ['', '?decision=allow', '/confirm', '/confirm?decision=allow']) {
        await world.open(each, request.path + query)
      }
    }
    expect(await polled(request)).toEqual(WAITS)
  })
})

describe('a decision', () => {
  test('that no page of this session made changes nothing', async () => {
    const { who, browser, request } = await askedPerson()
    const page = await world.open(browser, request.path)
    const forged = { ...page, html: page.html.replace(/(name="csrf"\s+value=")[^"]+/, '$1forged') }
    expect(forged.html).not.toBe(page.html)
    const refused = await answer(browser, forged, 'allow')
    expect([refused.status, textOf(refused.html)]).toEqual([
      403,
      expect.stringContaining('This page was open for too long'),
    ])
    expect(await world.event(who, 'account_page.refused')).toMatchObject({
      outcome: 'failure',
      reason: 'the form was not made by a page of this session in this browser',
    })
    expect(await polled(request)).toEqual(WAITS)
    await answer(browser, refused, 'allow')
    expect(await polled(request)).toEqual([200, undefined])
  })

  test('of neither kind changes nothing, and the page is shown again', async () => {
    const { browser, request } = await askedPerson()
    const page = await browser.submit(await world.open(browser, request.path), { decision: 'perhaps' })
    expect(textOf(page.html)).toContain(MESSAGE)
    expect(await polled(request)).toEqual(WAITS)
  })

  test('is made once, however many tabs make one at the same time on two servers', async () => {
    const { who, browser, request } = await askedPerson()
    const people = [browser, await world.signedIn(who, world.second)]
    const tabs = await Promise.all(people.map(async (tab) => ({ tab, page: await world.open(tab, request.path) })))
    const all = tabs.flatMap((one) => Array.from({ length: 25 }, () => one))
    const answers = await Promise.all(
      all.map(({ tab, page }, index) => answer(tab.fork(), page, index % 2 ? 'allow' : 'deny')),
    )
    const done = answers.filter(({ url }) => url.includes('?done='))
    expect(done).toHaveLength(1)
    const rest = answers.filter((one) => !done.includes(one))
    expect(new Set(rest.map(({ status }) => status))).toEqual(new Set([404]))
    for (const { html } of rest) expect(textOf(html)).toContain(OVER)
    const outcome = done[0]?.url.endsWith('requestApproved') ? [200, undefined] : [400, 'access_denied']
    expect(await polled(request)).toEqual(outcome)
    const events = (await Promise.all(['ciba.approved', 'ciba.denied'].map((type) => world.admin.audit(type)))).flat()
    expect(events.filter((event) => event['account_id'] === who.sub)).toHaveLength(1)
  })
})

describe('the same page says that it is over', () => {
  /** The page, without what differs from one visit to the next. */
  const wordsOf = ({ status, html }: Visit, { email }: Somebody) => [status, textOf(html).replaceAll(email, '')]

  test('for a request of another person, as for one that never was; and that person can still answer', async () => {
    const [who, other] = [await world.somebody(), await world.somebody()]
    const [mine, theirs] = [await world.signedIn(who), await world.signedIn(other)]
    const request = await begin(who)
    const unknown = await world.open(theirs, '/requests/nothing-that-was-ever-asked')
    expect(wordsOf(unknown, other)).toEqual([404, expect.stringContaining(OVER)])
    expect(wordsOf(await world.open(theirs, request.path), other)).toEqual(wordsOf(unknown, other))
    expect(wordsOf(await world.open(theirs, `${request.path}/confirm`), other)).toEqual(wordsOf(unknown, other))
    // the form of a page of their own, sent to the address of the other's request
    const own = await world.open(theirs, (await begin(other)).path)
    for (const decision of ['allow', 'deny'] as const) {
      const html = own.html.replaceAll(/action="[^"]*\/requests\/[^"]*"/g, `action="/account${request.path}"`)
      expect(wordsOf(await answer(theirs, { ...own, html }, decision), other)).toEqual(wordsOf(unknown, other))
    }
    expect(await polled(request)).toEqual(WAITS)
    await answer(mine, await world.open(mine, request.path), 'allow')
    expect(await polled(request)).toEqual([200, undefined])
  })

  test('for one that was decided, at a decision too', async () => {
    const { who, browser, request } = await askedPerson()
    const page = await world.open(browser, request.path)
    await answer(browser, page, 'deny')
    for (const late of [await world.open(browser, request.path), await answer(browser, page, 'allow')]) {
      expect(wordsOf(late, who)).toEqual([404, expect.stringContaining(OVER)])
    }
    expect(await polled(request)).toEqual([400, 'access_denied'])
  })

  test('for one that has expired, at a decision too', async () => {
    const { who, browser, request } = await askedPerson()
    const page = await world.open(browser, request.path)
    await letTimePass(world.first.databaseUrl, 601, client.id)
    for (const late of [await world.open(browser, request.path), await answer(browser, page, 'allow')]) {
      expect(wordsOf(late, who)).toEqual([404, expect.stringContaining(OVER)])
    }
    expect(textOf((await world.open(browser)).html)).not.toContain('Sign-in requests')
  })

  test('for one of an app that is disabled', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const other = await world.admin.client('web', POLLING_CLIENT)
    const { auth_req_id: asked } = await createCibaClient(world.first, other).begin({ login_hint: who.email })
    const path = `/requests/${rowId(asked).toString('base64url')}`
    const page = await world.open(browser, path)
    await world.admin.call('POST', `/clients/${other.id}/disable`)
    for (const late of [await world.open(browser, path), await answer(browser, page, 'allow')]) {
      expect(wordsOf(late, who)).toEqual([404, expect.stringContaining(OVER)])
    }
    expect((await world.open(browser, '/requests')).html).not.toContain(path)
  })
})

describe('RFC 9470: a request that asks for more than the sign-in of the session', () => {
  test('is approved after a second factor, asked for by itself', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const app = await authenticatorApp(world.first, who.sub)
    const request = await begin(who, { acr_values: 'urn:signet:acr:mfa' })
    const page = await world.open(browser, request.path)
    expect(textOf(page.html)).toContain('This app asks for a stronger or more recent sign-in.')
    expect(page.html).not.toContain('value="allow"')
    expect(page.html).toContain('value="deny"')
    const refused = await answer(browser, page, 'allow')
    expect([refused.status, textOf(refused.html)]).toEqual([403, expect.stringContaining('so nothing was changed')])
    expect(await polled(request)).toEqual(WAITS)
    const asked = await world.open(browser, `${request.path}/confirm`)
    expect(asked.html).not.toContain('name="password"')
    const back = await browser.submit(asked, { code: await app.code() })
    expect(back.url).toMatch(new RegExp(`/account${request.path}$`))
    await answer(browser, back, 'allow')
    expect(await polled(request)).toEqual([200, undefined])
  })

  test('is denied without it', async () => {
    const { browser, request } = await askedPerson({ acr_values: 'urn:signet:acr:passkey' })
    await answer(browser, await world.open(browser, request.path), 'deny')
    expect(await polled(request)).toEqual([400, 'access_denied'])
  })

  test('for a recent one, is approved after signing in again', async () => {
    const { who, browser, request } = await askedPerson({ max_age: '60' })
    await world.age(who, 3600)
    expect((await world.open(browser, request.path)).html).not.toContain('value="allow"')
    const asked = await world.open(browser, `${request.path}/confirm`)
    const back = await browser.submit(asked, { identifier: who.email, password: who.password })
    expect(back.url).toMatch(new RegExp(`/account${request.path}$`))
    await answer(browser, back, 'allow')
    expect(await polled(request)).toEqual([200, undefined])
  })
})

test('nothing is said of requests where none waits, and the list says what it is for', async () => {
  const browser = await world.signedIn(await world.somebody())
  expect(textOf((await world.open(browser)).html)).not.toContain('Sign-in requests')
  expect(textOf((await world.open(browser, '/requests')).html)).toContain(
    'When an app asks you to approve a sign-in, you answer here. No sign-in request is waiting.',
  )
})
