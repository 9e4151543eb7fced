/** Linking a provider from one's own page: proven here by the session, and there by the way there and back. */
import { beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import {
  addUpstream,
  comeBack,
  type FederatedWorld,
  somebodyThere,
  startFederatedWorld,
  twoSided,
} from '../support/federated-world.ts'
import { asSuperuser } from '../support/postgres.ts'
import { press, textOf, type Visit } from '../support/person.ts'

let world: FederatedWorld
let people = 0

beforeAll(async () => {
  world = await startFederatedWorld()
  await addUpstream(world, 'acme')
  await world.admin.call('POST', '/upstreams', {
    id: 'away',
    name: 'Away',
    issuer: 'http://127.0.0.1:9',
    client_id: 'nobody',
  })
})

type Somebody = Awaited<ReturnType<typeof somebody>>

/** Signed in here, with an account at the provider that has another address. */
async function somebody() {
  people += 1
  const email = `here-${people}@example.com`
  const sub = await world.admin.account(email, PASSWORD, { locale: 'en' })
  const browser = twoSided(world)
  const page = await browser.here.visit(`${world.here.issuer}/account`)
  await browser.here.submit(page, { identifier: email, password: PASSWORD })
  return { sub, email, browser, there: await somebodyThere(world, `there-${people}@example.com`) }
}

const linkedPage = ({ browser }: Somebody) => browser.here.visit(`${world.here.issuer}/account/linked`)

async function ask(who: Somebody, upstream = 'acme'): Promise<Visit> {
  const page = await linkedPage(who)
  const html = /<form(?:(?!<\/form>).)*name="link".*?<\/form>/s.exec(page.html)?.[0] ?? page.html
  return who.browser.here.submit({ ...page, html }, {}, { name: 'link', value: upstream })
}

/** The authorization request that the page leads on to. */
function requestOf(page: Visit): string {
  const url = /^0; url=(.+)$/.exec(page.headers.get('refresh') ?? '')?.[1]
  if (url === undefined) throw new Error(`${page.status} leads nowhere: ${textOf(page.html)}`)
  return url
}

async function goThrough(who: Somebody): Promise<URL> {
  return who.browser.there.authorize(requestOf(await ask(who)), who.there)
}

const events = async (sub: string) =>
  (await world.admin.audit('account.linked')).filter((event) => event['account_id'] === sub)

test('a person links a provider whose address for them is another one, is told by mail, and signs in by it', async () => {
  const who = await somebody()
  const page = await who.browser.here.visit((await goThrough(who)).href)
  expect(page.url).toMatch(/\/account\/linked\?done=linked$/)
  expect(textOf(page.html)).toContain('That provider is linked.')
  expect(textOf(page.html)).toContain('Provider acme Linked on')
  expect(await events(who.sub)).toMatchObject([
    { outcome: 'success', actor: { kind: 'account', id: who.sub }, detail: { upstream: 'acme' } },
  ])
  const consent = await comeBack(world, twoSided(world), { id: 'acme', who: who.there })
  expect(textOf(consent.html)).toContain('Give shop access?')
  const [signIn] = (await world.admin.audit('sign_in.succeeded')).filter((event) => event['account_id'] === who.sub)
  expect(signIn).toMatchObject({ detail: { upstream: 'acme' } })
  const mails = await fetch(`${world.here.managementUrl}/dev/mail`, { headers: { accept: 'application/json' } })
  expect(await mails.text()).toContain('Another way to sign in was linked')
})

test('an answer that another browser brings links nobody: what an attacker signed in as is not put to a victim', async () => {
  const [attacker, victim] = [await somebody(), await somebody()]
  const answer = await goThrough(attacker)
  const page = await victim.browser.here.visit(answer.href)
  expect([page.status, textOf(page.html)]).toEqual([403, expect.stringContaining('could not be used')])
  expect(await events(victim.sub)).toMatchObject([
    { outcome: 'failure', reason: 'the state was spent, is too old or is not for this page' },
  ])
  // and is still good for whom it is for
  expect((await attacker.browser.here.visit(answer.href)).url).toMatch(/done=linked$/)
})

test('an answer counts once', async () => {
  const who = await somebody()
  const answer = await goThrough(who)
  const arrivals = await Promise.all([who.browser.here.visit(answer.href), who.browser.here.visit(answer.href)])
  expect(arrivals.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403])
  expect((await events(who.sub)).map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['failure', 'success']))
})

test('whoever is linked to an account already is linked to no other one', async () => {
  const [first, second] = [await somebody(), await somebody()]
  await first.browser.here.visit((await goThrough(first)).href)
  const page = await second.browser.here.visit((await goThrough({ ...second, there: first.there })).href)
  expect([page.status, textOf(page.html)]).toEqual([409, expect.stringContaining('is linked already')])
  expect(await events(second.sub)).toMatchObject([
    { outcome: 'failure', reason: 'the person at the provider is linked already', detail: { upstream: 'acme' } },
  ])
})

test('who turns back at the provider is told so, and nothing has changed', async () => {
  const who = await somebody()
  const signIn = await who.browser.there.visit(requestOf(await ask(who)))
  const { left } = await press(who.browser.there, signIn, '/cancel"')
  const page = await who.browser.here.visit(String(left?.href))
  expect([page.status, textOf(page.html)]).toEqual([200, expect.stringContaining('without signing in there')])
  expect(await events(who.sub)).toMatchObject([{ outcome: 'failure', reason: 'the provider answered access_denied' }])
})

test('ASVS 7.5.1: a link begins after a fresh proof alone', async () => {
  const who = await somebody()
  const page = await linkedPage(who)
  await asSuperuser(
    (client) => client.query(`UPDATE sessions SET payload = payload - 'provenAt' WHERE account_id = $1`, [who.sub]),
    world.here.databaseUrl,
  )
  const refused = await who.browser.here.submit(page, {}, { name: 'link', value: 'acme' })
  expect([refused.status, refused.headers.get('refresh')]).toEqual([403, null])
  expect((await linkedPage(who)).html).not.toContain('name="link"')
})

test('a provider that does not answer, and one that is none, are said so', async () => {
  const who = await somebody()
  const away = await ask(who, 'away')
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '30'])
  expect(textOf(away.html)).toContain('does not answer at this moment')
  const none = await ask(who, 'nobody')
  expect([none.status, textOf(none.html)]).toEqual([404, expect.stringContaining('not there any more')])
})
