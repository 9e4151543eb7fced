/** A person of the load: signs in and out through pages, and tries again when a page says to. */
import { setTimeout as delay } from 'node:timers/promises'
import { answerOf, cookieHeader, person, type Person, textOf, type Visit } from '../support/person.ts'
import { type App, createApp } from '../support/app.ts'
import type { Caller } from './caller.ts'
import { outcomeOf, type Kind } from './history.ts'
import { API, CALLBACK, type World } from './world.ts'

export interface Browser {
  /** Signs in as often as it takes; the code, or undefined when the load ended meanwhile. */
  code(
    who: { email: string; password: string },
    offline: boolean,
  ): Promise<{ code: string; verifier: string } | undefined>
  /** Signs out until it is said that it is done. */
  signOut(): Promise<void>
  /** The cookies as a request header. */
  cookie(): string
}

export function createBrowser(world: World, caller: Caller): Browser {
  let node = caller.node()
  const browser = person(() => caller.reach(node))
  const app = createApp(world.nodes[0], world.clients.spa, CALLBACK, true)
  const attempt = async (kind: Kind, act: () => Promise<Visit>): Promise<Visit | undefined> => {
    node = caller.node()
    const start = performance.now()
    const page = await act().catch(() => undefined)
    if (!page) world.balancer.refused(node)
    const error = page?.left && answerOf(page.left)['error']
    const away = page?.status === 503 || error === 'temporarily_unavailable' || page?.status === 429
    caller.record({
      kind,
      node,
      start,
      end: performance.now(),
      outcome: away ? 'unknown' : outcomeOf(page?.status),
      answer: page && {
        status: page.status,
        error: typeof error === 'string' ? error : undefined,
        says: page.left ? '' : textOf(page.html).slice(0, 300),
        wellSaid: true,
      },
    })
    if (away || !page) await delay(50 + caller.random() * 150)
    return page
  }
  return {
    code: (who, offline) => signIn({ app, browser, caller, attempt }, who, offline),
    signOut: () => signOut({ browser, caller, attempt }, world.nodes[0].issuer),
    cookie: () => cookieHeader(browser.cookies),
  }
}

interface Parts {
  readonly browser: Person
  readonly caller: Caller
  readonly attempt: (kind: Kind, act: () => Promise<Visit>) => Promise<Visit | undefined>
}

async function signIn(
  { app, browser, caller, attempt }: Parts & { app: App },
  who: { email: string; password: string },
  offline: boolean,
): Promise<{ code: string; verifier: string } | undefined> {
  const scope = `openid ${offline ? 'offline_access ' : ''}posts:read`
  const begin = () => app.begin({ scope, resource: API })
  let { url, verifier } = begin()
  let act = () => browser.visit(url)
  while (caller.goesOn()) {
    const page = await attempt('authorize', act)
    if (!page) continue
    const answer = page.left && answerOf(page.left)
    if (typeof answer?.['code'] === 'string') return { code: answer['code'], verifier }
    if (page.status === 503 || page.status === 429) {
      // the form can be sent again as it is; an address is asked for again
      if (!/\/interaction\/[^/]+\/\w+$/.test(page.url)) act = () => browser.visit(page.url)
    } else if (/name="password"/.test(page.html)) {
      act = () => browser.submit(page, { identifier: who.email, password: who.password })
    } else if (/name="decision"/.test(page.html)) {
      act = () => browser.submit(page, {}, { name: 'decision', value: 'allow' })
    } else {
      if (page.status >= 500) caller.complain('I8', `a sign-in got ${page.status}: ${textOf(page.html).slice(0, 200)}`)
      ;({ url, verifier } = begin())
      act = () => browser.visit(url)
    }
  }
  return undefined
}

async function signOut({ browser, caller, attempt }: Parts, issuer: string): Promise<void> {
  for (const started = performance.now(); performance.now() - started < 40_000;) {
    const question = await attempt('authorize', () => browser.visit(`${issuer}/logout`))
    if (question?.status !== 200) continue
    // nobody is signed in any more: an earlier answer was lost
    if (!/name="logout"/.test(question.html)) return
    const done = await attempt('logout', () => browser.submit(question, {}, { name: 'logout', value: 'yes' }))
    if (done && done.status < 400) return
  }
  caller.complain('I6', 'a person could not sign out within 40 s')
}
