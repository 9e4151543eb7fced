/** Which account a person at a provider belongs to: never by an address alone (V42). */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import {
  addUpstream,
  begin,
  claimsOf,
  comeBack,
  type FederatedWorld,
  somebodyThere,
  startFederatedWorld,
  twoSided,
  type TwoSided,
} from '../support/federated-world.ts'
import { textOf, type Visit } from '../support/person.ts'
import { eventually } from '../support/eventually.ts'

let world: FederatedWorld

beforeAll(async () => {
  world = await startFederatedWorld()
  await addUpstream(world, 'open', { just_in_time: true })
  await addUpstream(world, 'second', { just_in_time: true })
  await addUpstream(world, 'acme', { domains: ['acme.example'] })
})

const newest = async (type: string) => (await world.admin.audit(type))[0]

/** The way there and back, as far as our page. */
async function arrive(browser: TwoSided, id: string, who: { email: string; password: string }) {
  const attempt = world.app.begin({ ui_locales: 'en' })
  const request = await begin(browser, await browser.here.visit(attempt.url), id)
  const page = await browser.here.visit((await browser.there.authorize(request.href, who)).href)
  return { attempt, page }
}

const toSignIn = (browser: TwoSided, page: Visit) =>
  browser.here.visit(new URL(page.url).pathname.replace(/\/upstream$/, ''))

async function mailsTo(address: string): Promise<string[]> {
  let text = ''
  await eventually(async () => {
    const answer = await fetch(`${world.here.managementUrl}/dev/mail`, { headers: { accept: 'application/json' } })
    text = JSON.stringify(await answer.json())
    return text.includes(address) && text.includes('Another way to sign in was linked')
  })
  return [text]
}

describe('an account with the same address', () => {
  test('V42: an account with the same address is not taken over; it is linked once it was proven by its password in the same sign-in, and its owner is told', async () => {
    const sub = await world.admin.account('ada@example.com', PASSWORD)
    const who = await somebodyThere(world, 'ADA@example.com')
    const browser = twoSided(world)
    const { attempt, page } = await arrive(browser, 'open', who)
    expect([page.status, page.left]).toEqual([200, undefined])
    expect(textOf(page.html)).toContain('You already have an account here')
    expect(await newest('sign_in.failed')).toMatchObject({
      reason: 'an account has this address, and is linked only after it was proven',
      detail: { method: 'federated', upstream: 'open' },
    })
    const signIn = await toSignIn(browser, page)
    expect(signIn.html).toMatch(/name="identifier"[^>]*value="ADA@example\.com"/)
    const wrong = await browser.here.submit(signIn, { identifier: 'ada@example.com', password: 'not this one' })
    expect(wrong.status).toBe(422)
    const done = await browser.here.submit(wrong, { identifier: 'ada@example.com', password: PASSWORD })
    expect(await claimsOf(world, browser.here, attempt, done)).toMatchObject({ sub, amr: ['pwd'] })
    expect(await newest('account.linked')).toMatchObject({
      account_id: sub,
      actor: { kind: 'account', id: sub },
      detail: { upstream: 'open' },
    })
    expect(await mailsTo('ada@example.com')).toHaveLength(1)

    const later = twoSided(world)
    const next = await arrive(later, 'open', who)
    expect(await claimsOf(world, later.here, next.attempt, next.page)).toMatchObject({ sub, amr: ['fed'] })
  })

  test('V42: it is not linked where another account signs in, nor where the person does not want it', async () => {
    await world.admin.account('grace@example.com', PASSWORD)
    await world.admin.account('other@example.com', PASSWORD)
    const who = await somebodyThere(world, 'grace@example.com')
    const linked = (await world.admin.audit('account.linked')).length
    const browser = twoSided(world)
    const { page } = await arrive(browser, 'open', who)
    await browser.here.submit(await toSignIn(browser, page), { identifier: 'other@example.com', password: PASSWORD })

    const declining = twoSided(world)
    const second = await arrive(declining, 'open', who)
    const question = await declining.here.submit(second.page, {})
    expect(textOf(question.html)).toContain('Sign in')
    await declining.here.submit(question, { identifier: 'grace@example.com', password: PASSWORD })
    expect(await world.admin.audit('account.linked')).toHaveLength(linked)
    expect(textOf((await arrive(twoSided(world), 'open', who)).page.html)).toContain('You already have an account here')
  })

  test('CSRF: a form of another site does not decline the link', async () => {
    const sub = await world.admin.account('kept@example.com', PASSWORD)
    const who = await somebodyThere(world, 'kept@example.com')
    const browser = twoSided(world)
    const { page } = await arrive(browser, 'open', who)
    const question = await browser.here.submit(page, { csrf: 'made-up' })
    expect(await newest('authorization.refused')).toMatchObject({
      outcome: 'failure',
      client_id: world.client.id,
      reason: 'the form was not made by a page of this interaction in this browser',
    })
    await browser.here.submit(question, { identifier: 'kept@example.com', password: PASSWORD })
    expect(await newest('account.linked')).toMatchObject({ account_id: sub, detail: { upstream: 'open' } })
  })

  test('V42: it is not linked by the word of another provider', async () => {
    const who = await somebodyThere(world, 'two@example.com')
    const first = twoSided(world)
    expect((await arrive(first, 'open', who)).page.html).toContain('name="decision"')
    const linked = (await world.admin.audit('account.linked')).length
    const browser = twoSided(world)
    const { page } = await arrive(browser, 'second', who)
    expect(textOf(page.html)).toContain('You already have an account here')
    const request = await begin(browser, await toSignIn(browser, page), 'open')
    await browser.here.visit((await browser.there.authorize(request.href, who)).href)
    expect(await world.admin.audit('account.linked')).toHaveLength(linked)
  })

  test('V42: nor by the word of another provider and a code together', async () => {
    const who = await somebodyThere(world, 'coded@example.com')
    const first = twoSided(world)
    const { attempt, page } = await arrive(first, 'open', who)
    const { sub } = await claimsOf(world, first.here, attempt, page)
    const app = await authenticatorApp(world.here, String(sub))
    const linked = (await world.admin.audit('account.linked')).length
    const browser = twoSided(world)
    const offered = await arrive(browser, 'second', who)
    const request = await begin(browser, await toSignIn(browser, offered.page), 'open')
    const question = await browser.here.visit((await browser.there.authorize(request.href, who)).href)
    const done = await browser.here.submit(question, { code: await app.code() })
    expect(await claimsOf(world, browser.here, offered.attempt, done)).toMatchObject({ sub })
    expect(await world.admin.audit('account.linked')).toHaveLength(linked)
  })

  test('whose domain leads to the provider is signed in to here once, to be linked', async () => {
    const sub = await world.admin.account('ada@acme.example', PASSWORD)
    const who = await somebodyThere(world, 'ada@acme.example')
    const browser = twoSided(world)
    const { attempt, page } = await arrive(browser, 'acme', who)
    const done = await browser.here.submit(await toSignIn(browser, page), {
      identifier: 'ada@acme.example',
      password: PASSWORD,
    })
    expect(await claimsOf(world, browser.here, attempt, done)).toMatchObject({ sub })
    expect(await newest('account.linked')).toMatchObject({ account_id: sub, detail: { upstream: 'acme' } })
  })

  test('V42: an address of a domain that another provider looks after is not believed', async () => {
    const who = await somebodyThere(world, 'boss@acme.example')
    const page = await comeBack(world, twoSided(world), { id: 'open', who })
    expect([page.status, textOf(page.html).includes('Your e-mail address is not confirmed')]).toEqual([403, true])
  })

  test('V42: a domain stays reserved for its provider while that provider is disabled', async () => {
    const who = await somebodyThere(world, 'chief@acme.example')
    await world.admin.call('PATCH', '/upstreams/acme', { enabled: false })
    const page = await comeBack(world, twoSided(world), { id: 'open', who })
    await world.admin.call('PATCH', '/upstreams/acme', { enabled: true })
    expect([page.status, textOf(page.html).includes('Your e-mail address is not confirmed')]).toEqual([403, true])
    expect(await newest('sign_in.failed')).toMatchObject({
      reason: 'no account is linked to this person, and the provider has not verified an address of theirs',
      detail: { method: 'federated', upstream: 'open' },
    })
  })
})

describe('a subject', () => {
  test('ASVS 6.8.1: the same person at two providers is two people: a subject means something only with its provider', async () => {
    const who = await somebodyThere(world, 'same@example.com')
    const browser = twoSided(world)
    const { attempt, page } = await arrive(browser, 'open', who)
    const { sub } = await claimsOf(world, browser.here, attempt, page)
    // the other provider names the same subject, but no link of its own leads to the account
    await world.admin.call('PATCH', `/accounts/${String(sub)}`, { email: 'renamed@example.com' })
    const other = twoSided(world)
    const second = await arrive(other, 'second', who)
    const claims = await claimsOf(world, other.here, second.attempt, second.page)
    expect(claims['sub']).not.toBe(sub)
  })
})

describe('what is known here', () => {
  test('V31: a second factor that was set up here is asked for all the same, and both together are mfa', async () => {
    const who = await somebodyThere(world, 'careful@example.com')
    const first = twoSided(world)
    const { attempt, page } = await arrive(first, 'open', who)
    const { sub } = await claimsOf(world, first.here, attempt, page)
    const app = await authenticatorApp(world.here, String(sub))
    const browser = twoSided(world)
    const next = await arrive(browser, 'open', who)
    expect(textOf(next.page.html)).toContain('Enter your code')
    expect(next.page.url).not.toContain('state=')
    const done = await browser.here.submit(next.page, { code: await app.code() })
    expect(await claimsOf(world, browser.here, next.attempt, done)).toMatchObject({
      sub,
      acr: 'urn:signet:acr:mfa',
      amr: expect.arrayContaining(['fed', 'otp', 'mfa']) as string[],
    })
  })

  test('a disabled account and a disabled provider sign nobody in', async () => {
    const who = await somebodyThere(world, 'gone@example.com')
    const first = twoSided(world)
    const { attempt, page } = await arrive(first, 'second', who)
    const { sub } = await claimsOf(world, first.here, attempt, page)
    await world.admin.call('POST', `/accounts/${String(sub)}/disable`)
    const refused = await arrive(twoSided(world), 'second', who)
    expect(refused.page.status).toBe(403)
    expect(await newest('sign_in.failed')).toMatchObject({ account_id: sub, reason: 'the account is disabled' })
    await world.admin.call('POST', `/accounts/${String(sub)}/enable`)

    const browser = twoSided(world)
    const request = await begin(browser, await browser.here.visit(world.app.begin({ ui_locales: 'en' }).url), 'second')
    const back = await browser.there.authorize(request.href, who)
    await world.admin.call('PATCH', '/upstreams/second', { enabled: false })
    const late = await browser.here.visit(back.href)
    expect([late.status, late.left]).toEqual([403, undefined])
    expect(await newest('sign_in.failed')).toMatchObject({ reason: 'the provider is disabled or gone' })
    const page2 = await twoSided(world).here.visit(world.app.begin({ ui_locales: 'en' }).url)
    expect(textOf(page2.html)).not.toContain('Provider second')
  })
})
