/** Sign-in by an upstream provider that is another server of ours. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import {
  addUpstream,
  begin,
  claimsOf,
  comeBack,
  type FederatedWorld,
  linkTo,
  somebodyThere,
  startFederatedWorld,
  twoSided,
} from '../support/federated-world.ts'
import { textOf } from '../support/person.ts'

let world: FederatedWorld

beforeAll(async () => {
  world = await startFederatedWorld()
  await addUpstream(world, 'open', {
    just_in_time: true,
    claims: { email: 'email', email_verified: 'email_verified', name: 'name', locale: 'locale' },
  })
  await addUpstream(world, 'closed')
})

const newest = async (type: string) => (await world.admin.audit(type))[0]

describe('whoever comes for the first time', () => {
  test('gets an account, by an address that the provider has verified', async () => {
    const who = await somebodyThere(world, 'ada@example.com', { locale: 'ko' })
    const browser = twoSided(world)
    const attempt = world.app.begin({ ui_locales: 'en', scope: 'openid' })
    const page = await browser.here.visit(attempt.url)
    const request = await begin(browser, page, 'open')
    expect(Object.fromEntries(request.searchParams)).toMatchObject({
      response_type: 'code',
      redirect_uri: `${world.here.issuer}/upstream/callback/open`,
      scope: 'openid email profile',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
    const back = await browser.there.authorize(request.href, who)
    const claims = await claimsOf(world, browser.here, attempt, await browser.here.visit(back.href))
    expect(claims).toMatchObject({ iss: world.here.issuer, amr: ['fed'], acr: 'urn:signet:acr:password' })
    const account = await world.admin.call('GET', `/accounts/${String(claims['sub'])}`)
    expect(account).toMatchObject({
      email: 'ada@example.com',
      email_verified: true,
      name: 'Ada Lovelace',
      locale: 'ko',
    })
    expect(await newest('account.linked')).toMatchObject({
      account_id: claims['sub'],
      actor: { kind: 'account', id: claims['sub'] },
      detail: { upstream: 'open', just_in_time: true },
    })
    expect(await newest('sign_in.succeeded')).toMatchObject({
      account_id: claims['sub'],
      client_id: world.client.id,
      detail: { method: 'federated', upstream: 'open', upstream_amr: ['pwd'] },
    })
    expect((await world.admin.audit('account.created'))[0]).toMatchObject({
      actor: { kind: 'account', id: claims['sub'] },
    })
  })

  test('has the same account the next time', async () => {
    const who = await somebodyThere(world, 'again@example.com')
    const subs = new Set<unknown>()
    for (let time = 0; time < 2; time++) {
      const browser = twoSided(world)
      const attempt = world.app.begin({ ui_locales: 'en' })
      const request = await begin(browser, await browser.here.visit(attempt.url), 'open')
      const back = await browser.there.authorize(request.href, who)
      subs.add((await claimsOf(world, browser.here, attempt, await browser.here.visit(back.href)))['sub'])
    }
    expect(subs.size).toBe(1)
  })

  test('gets none where the provider makes none, and a page that says what to do', async () => {
    const who = await somebodyThere(world, 'stranger@example.com')
    const page = await comeBack(world, twoSided(world), { id: 'closed', who })
    expect(page.status).toBe(403)
    expect(textOf(page.html)).toContain('No account is linked to you')
    expect(textOf(page.html)).toContain('Sign in another way')
    expect(await newest('sign_in.failed')).toMatchObject({
      client_id: world.client.id,
      reason: 'no account is linked to this person',
      detail: { method: 'federated', upstream: 'closed' },
    })
  })

  test('gets none by an address that the provider has not verified', async () => {
    const who = await somebodyThere(world, 'unverified@example.com', { email_verified: false })
    const page = await comeBack(world, twoSided(world), { id: 'open', who })
    expect([page.status, textOf(page.html).includes('has not confirmed that your e-mail address is yours')]).toEqual([
      403,
      true,
    ])
    expect(await newest('sign_in.failed')).toMatchObject({
      reason: expect.stringContaining('has not verified an address') as string,
    })
  })
})

describe('the sign-in page', () => {
  test('names the providers, the same for a known and an unknown address, in both languages', async () => {
    for (const login_hint of ['', 'ada@example.com', 'nobody@example.com']) {
      const page = await twoSided(world).here.visit(world.app.begin({ ui_locales: 'en', login_hint }).url)
      expect(textOf(page.html)).toContain('Continue with Provider closed Continue with Provider open')
    }
    const korean = await twoSided(world).here.visit(world.app.begin({ ui_locales: 'ko' }).url)
    expect(textOf(korean.html)).toContain('Provider open 계정으로 계속하기')
  })

  test('leads whoever has an address of its domains to a provider, account or not', async () => {
    await addUpstream(world, 'acme', { domains: ['acme.example', 'bücher.example'] })
    await world.admin.account('known@acme.example', PASSWORD)
    for (const identifier of ['known@acme.example', 'nobody@ACME.example', 'a@bücher.example', 'a@acme。example']) {
      const browser = twoSided(world)
      const page = await browser.here.visit(world.app.begin({ ui_locales: 'en' }).url)
      const led = await browser.here.submit(page, { identifier, password: PASSWORD })
      expect([
        led.status,
        textOf(led.html).includes(`${identifier} is an address that Provider acme looks after.`),
      ]).toEqual([200, true])
      const request = await browser.here.visit(linkTo(led, 'acme'))
      expect(request.left?.searchParams.get('login_hint')).toBe(identifier)
    }
  })

  test('asks the provider to sign in anew where the app asks for that', async () => {
    const who = await somebodyThere(world, 'anew@example.com')
    const browser = twoSided(world)
    const page = await comeBack(world, browser, { id: 'open', who })
    expect(page.left ?? page.html).toBeTruthy()
    const attempt = world.app.begin({ ui_locales: 'en', prompt: 'login' })
    const again = await begin(browser, await browser.here.visit(attempt.url), 'open')
    expect(again.searchParams.get('prompt')).toBe('login')
  })
})
