/** The profile page: every standard claim (OpenID Connect Core §5.1), as apps get them with the person's consent. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../support/app.ts'
import { answerOf, textOf } from '../support/person.ts'
import { type Somebody, startWorld, type World } from './world.ts'

const CALLBACK = 'https://post.example/cb'
const GIVEN = {
  name: 'Ada Lovelace',
  given_name: 'Ada',
  middle_name: 'Augusta',
  family_name: 'Lovelace',
  nickname: 'Countess',
  birthdate: '1815-12-10',
  gender: 'female',
  phone_number: '+44 20 7946 0018',
  website: 'https://ada.example/',
  profile: 'https://ada.example/about',
  picture: 'https://ada.example/picture.png',
  zoneinfo: 'Europe/London',
}
const ADDRESS = {
  street_address: '12 St James’s Square',
  locality: 'London',
  region: 'Westminster',
  postal_code: 'SW1Y 4JH',
  country: 'United Kingdom',
}
let world: World

beforeAll(async () => {
  world = await startWorld()
})

const readAccount = ({ sub }: Somebody) => world.admin.call('GET', `/accounts/${sub}`)

async function saved(who: Somebody, fields: Record<string, string>) {
  const browser = await world.signedIn(who)
  const page = await world.press(browser, await world.open(browser, '/profile'), 'name="nickname"', fields)
  return { browser, page }
}

test('a person fills in what is theirs to say, and an app gets those of the scopes that they allow', async () => {
  // apps may take it for who somebody is, so only an administrator sets it
  const who = await world.somebody({ preferred_username: 'ada' })
  const { browser, page } = await saved(who, { ...GIVEN, ...ADDRESS })
  expect(textOf(page.html)).toContain('Your profile is saved.')
  expect(await readAccount(who)).toMatchObject({ ...GIVEN, address: ADDRESS })

  const scope = 'openid profile address phone'
  const client = await world.admin.client('web', { client_name: 'post', redirect_uris: [CALLBACK], scope })
  const app = createApp(world.first, client, CALLBACK)
  const { url, verifier } = app.begin({ scope })
  const consent = await browser.visit(url)
  for (const words of ['See your name and profile', 'See your postal address', 'See your phone number']) {
    expect(textOf(consent.html)).toContain(words)
  }
  const decision = { name: 'decision', value: 'allow' }
  const { left } = await browser.submit(consent, {}, decision, { unticked: ['phone'] })
  const { body } = await app.redeem({ code: String(answerOf(left as URL)['code']), verifier })
  const headers = { authorization: `Bearer ${body['access_token']}` }
  const claims: unknown = await (await world.first.fetch('/userinfo', { headers })).json()
  const { phone_number: _number, ...others } = GIVEN
  expect(claims).toEqual({
    ...others,
    sub: who.sub,
    preferred_username: 'ada',
    address: ADDRESS,
    updated_at: expect.any(Number) as number,
  })
})

describe('an address', () => {
  test('that changes in a part keeps the others, and loses its formatted form', async () => {
    const formatted = '1 Main Street\nSpringfield'
    const address = { formatted, street_address: '1 Main Street\nBack door', locality: 'Springfield' }
    const who = await world.somebody({ address })
    const { browser } = await saved(who, { nickname: 'Nick' })
    expect(await readAccount(who)).toMatchObject({ address })
    const page = await world.open(browser, '/profile')
    expect(page.html).toContain('value="1 Main Street, Back door"')
    await world.press(browser, page, 'name="nickname"', { locality: 'Shelbyville' })
    expect(await readAccount(who)).toMatchObject({
      address: { street_address: '1 Main Street\nBack door', locality: 'Shelbyville' },
    })
    const all = Object.fromEntries(Object.keys(ADDRESS).map((part) => [part, '']))
    await world.press(browser, await world.open(browser, '/profile'), 'name="nickname"', all)
    expect(await readAccount(who)).not.toHaveProperty('address')
  })

  test('with a part that cannot be shown is refused beside that part', async () => {
    const who = await world.somebody()
    const { page } = await saved(who, { locality: 'x'.repeat(501), country: 'Sweden' })
    expect(page.status).toBe(422)
    expect(page.html).toContain('id="locality-error"')
    expect(page.html).not.toContain('id="country-error"')
    expect(page.html).toContain('value="Sweden"')
    expect(await readAccount(who)).not.toHaveProperty('address')
  })
})

test('a new phone number is not a verified one', async () => {
  const who = await world.somebody({ phone_number: '+44 20 7946 0018', phone_number_verified: true })
  await saved(who, { phone_number: '+44 20 7946 0019' })
  expect(await readAccount(who)).not.toHaveProperty('phone_number_verified')
})
