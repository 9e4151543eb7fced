/** What happens at once, on two processes of one issuer. */
import { beforeAll, expect, test } from 'vitest'
import {
  addUpstream,
  begin,
  type FederatedWorld,
  somebodyThere,
  startFederatedWorld,
  twoSided,
} from '../support/federated-world.ts'
import { cookieHeader, person, type Person } from '../support/person.ts'
import { SOON_MS } from '../support/eventually.ts'

let world: FederatedWorld

beforeAll(async () => {
  world = await startFederatedWorld(2)
  await addUpstream(world, 'open', { just_in_time: true })
})

/** Each request goes to the next process. */
function alternating(): { browser: Person; to(node: number): void } {
  let node = 0
  return { browser: person(() => world.nodes[node % 2] ?? world.here), to: (next) => (node = next) }
}

/** A browser that comes back from the provider, just before its answer is taken in. */
async function atTheDoor(who: { email: string; password: string }, there = twoSided(world).there) {
  const { browser, to } = alternating()
  const page = await browser.visit(world.app.begin({ ui_locales: 'en' }).url)
  const request = await begin({ here: browser, there }, page, 'open')
  return { browser, to, answer: await there.authorize(request.href, who) }
}

const isIn = ({ html }: { html: string }) => html.includes('name="decision"')

test('two answers with one state at once on two processes: one signs the person in', async () => {
  for (let round = 0; round < 5; round++) {
    const who = await somebodyThere(world, `one-state-${round}@example.com`)
    const { browser, answer } = await atTheDoor(who)
    const path = answer.pathname + answer.search
    const headers = { accept: 'text/html', cookie: cookieHeader(browser.cookies) }
    const events = (await world.admin.audit('sign_in.succeeded')).length
    await Promise.all(
      world.nodes.map(async (node) => {
        const led = await node.fetch(path, { headers, redirect: 'manual' })
        const next = led.headers.get('location')
        if (next !== null) await node.fetch(next, { headers, redirect: 'manual' })
      }),
    )
    expect((await world.admin.audit('sign_in.succeeded')).length - events, `round ${round}`).toBe(1)
    expect(await accountsOf(who.email)).toBe(1)
  }
})

test('two first sign-ins of one person at once make one account, and both are in', async () => {
  for (let round = 0; round < 5; round++) {
    const who = await somebodyThere(world, `first-${round}@example.com`)
    const doors = await Promise.all([atTheDoor(who), atTheDoor(who)])
    const pages = await Promise.all(
      doors.map(({ browser, to, answer }, at) => {
        to(at)
        return browser.visit(answer.href)
      }),
    )
    expect(pages.map(isIn), `round ${round}`).toEqual([true, true])
    expect(await accountsOf(who.email)).toBe(1)
  }
})

test('a provider that is disabled on one process is disabled on the other within a second', async () => {
  const browser = person(() => world.nodes[1] ?? world.here)
  await addUpstream(world, 'short-lived')
  const sees = async () => (await browser.visit(world.app.begin({ ui_locales: 'en' }).url)).html.includes('short-lived')
  await expect.poll(sees, { timeout: SOON_MS }).toBe(true)
  await world.admin.call('PATCH', '/upstreams/short-lived', { enabled: false })
  await expect.poll(sees, { timeout: SOON_MS }).toBe(false)
})

async function accountsOf(email: string): Promise<number> {
  const items: { email: string }[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { items: { email: string }[]; next_cursor: string | null } = await world.admin.call(
      'GET',
      `/accounts?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    items.push(...page.items)
    cursor = page.next_cursor
  }
  return items.filter((account) => account.email === email).length
}
