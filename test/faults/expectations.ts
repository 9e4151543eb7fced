/** What the world must see while PostgreSQL is away, and when it is back. */
import { setTimeout as delay } from 'node:timers/promises'
import { createApp } from '../support/app.ts'
import type { RegisteredClient } from '../support/administrator.ts'
import { assertionParams } from '../support/assertion.ts'
import { answerOf, type Person, person, textOf, type Visit } from '../support/person.ts'
import type { Server } from '../support/server.ts'
import { isWellSaid } from './caller.ts'
import { ANSWER_MS } from './invariants.ts'
import { API, CALLBACK, probe, type World } from './world.ts'

export type Expect = (ok: boolean, what: string) => void

/** The seconds of the promise, and how late a busy machine may let us notice. */
const READY_MS = 2000
const BACK_MS = 5000
const NOTICE_MS = 150

/** A person who is at the sign-in page when the fault comes. */
export interface Waiting {
  readonly node: number
  readonly browser: Person
  readonly page: Visit
}

export async function waitAtSignIn(world: World, node: number): Promise<Waiting> {
  const server = world.nodes[node] as Server
  const browser = person(() => ({ issuer: server.issuer, fetch: server.fetch }))
  const app = createApp(server, world.clients.spa, CALLBACK, true)
  const page = await browser.visit(app.begin({ scope: 'openid posts:read', resource: API }).url)
  if (!/name="password"/.test(page.html)) throw new Error(`no sign-in page: ${page.status}`)
  return { node, browser, page }
}

export interface Away {
  readonly expect: Expect
  readonly nodes: readonly Waiting[]
  /** When the fault began, `performance.now()`. */
  readonly since: number
  /** PostgreSQL answers, but keeps some waiting or cannot write: readiness need not turn, and what only reads may go on. */
  readonly only?: 'locked' | 'writes' | 'machine tokens'
}

/** Not ready within two seconds and alive; 503 in the protocol's words within three; what is in memory is answered. */
export async function expectAway(world: World, { expect, nodes, since, only }: Away): Promise<void> {
  if (only === undefined) {
    await Promise.all(nodes.map(({ node }) => expectNotReady(world, node, { expect, since })))
  }
  await Promise.all(
    nodes.map(async (waiting) => {
      const server = world.nodes[waiting.node] as Server
      expect((await probe(server, 'live')) === 200, `process ${waiting.node + 1} did not say that it is alive`)
      await Promise.all([
        ...(await backChannels(world, server))
          .filter(({ path }) => only === undefined || only === 'locked' || path === '/token')
          .filter(({ form }) => only !== 'machine tokens' || form['grant_type'] === 'client_credentials')
          .map((sent) => expectUnavailable(server, sent, { expect, patience: world.patience })),
        ...(only === 'machine tokens' ? [] : [expectForm(waiting, expect)]),
        ...(only === 'writes' || only === 'machine tokens' ? [] : [expectAuthorize(world, waiting, expect)]),
        ...['/jwks', '/.well-known/openid-configuration'].map(async (path) => {
          const { status } = await timed(server, path)
          expect(status === 200, `${path}: ${status}`)
        }),
      ])
    }),
  )
}

/** Within two seconds of `since`. */
export async function expectNotReady(
  world: World,
  node: number,
  { expect, since }: { expect: Expect; since: number },
): Promise<void> {
  while ((await probe(world.nodes[node] as Server, 'ready')) !== 503 && performance.now() - since < BACK_MS) {
    await delay(25)
  }
  const ms = performance.now() - since
  expect(
    ms <= (READY_MS + NOTICE_MS) * world.patience,
    `process ${node + 1} was not ready only after ${Math.round(ms)} ms`,
  )
}

async function backChannels(
  world: World,
  { issuer }: Server,
): Promise<{ path: string; form: Record<string, string> }[]> {
  const { prober, gateway, spa } = world.clients
  const auth = ({ id, key }: RegisteredClient) => assertionParams({ issuer, clientId: id, key })
  return [
    { path: '/token', form: { grant_type: 'client_credentials', ...(await auth(prober)) } },
    {
      path: '/token',
      form: { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43), client_id: spa.id },
    },
    { path: '/introspect', form: { token: 'x'.repeat(43), ...(await auth(gateway)) } },
    { path: '/revoke', form: { token: 'x'.repeat(43), client_id: spa.id } },
  ]
}

async function expectUnavailable(
  server: Server,
  { path, form }: { path: string; form: Record<string, string> },
  { expect, patience }: { expect: Expect; patience: number },
): Promise<void> {
  const what = `${path} ${form['grant_type'] ?? ''}`.trim()
  const { status, headers, text, ms } = await timed(server, path, { method: 'POST', body: new URLSearchParams(form) })
  expect(status === 503, `${what}: ${status} ${text.slice(0, 200)}`)
  expect(/"error":"temporarily_unavailable"/.test(text), `${what}: ${text.slice(0, 200)}`)
  expect(isWellSaid(headers), `${what}: Retry-After ${headers.get('retry-after')}, ${headers.get('cache-control')}`)
  expect(ms <= ANSWER_MS * patience, `${what}: ${status} after ${Math.round(ms)} ms`)
}

async function expectAuthorize(world: World, { node }: Waiting, expect: Expect): Promise<void> {
  const server = world.nodes[node] as Server
  const app = createApp(server, world.clients.spa, CALLBACK, true)
  const started = performance.now()
  const begun = await person(() => server).visit(app.begin().url)
  expectPage(begun, '/authorize', expect)
  expect(
    performance.now() - started <= ANSWER_MS * world.patience,
    `/authorize: ${Math.round(performance.now() - started)} ms`,
  )
}

async function expectForm({ browser, page }: Waiting, expect: Expect): Promise<void> {
  const sent = await browser.submit(page, { identifier: 'p0@example.com', password: 'correct horse battery staple' })
  expectPage(sent, 'the sign-in form', expect)
}

/** A redirect with the error, or a page that says that the server cannot answer. */
function expectPage({ status, left, html }: Visit, what: string, expect: Expect): void {
  if (left) expect(answerOf(left)['error'] === 'temporarily_unavailable', `${what}: ${left.search.slice(0, 200)}`)
  else expect(status === 503 && /cannot answer/.test(textOf(html)), `${what}: ${status} ${textOf(html).slice(0, 200)}`)
}

/** Everything is normal within five seconds of `since`, without a restart; resolves with how long that took. */
export async function expectBack(
  world: World,
  { expect, since, waiting = [] }: { expect: Expect; since: number; waiting?: readonly Waiting[] },
): Promise<number> {
  const normal = async (server: Server) => {
    if ((await probe(server, 'ready')) !== 200) return false
    const [sent] = await backChannels(world, server)
    const { status } = await timed(server, '/token', { method: 'POST', body: new URLSearchParams(sent?.form) })
    return status === 200
  }
  const deadline = since + 6 * BACK_MS
  for (const server of world.nodes) {
    while (!(await normal(server).catch(() => false)) && performance.now() < deadline) await delay(50)
  }
  const ms = performance.now() - since
  expect(ms <= BACK_MS * world.patience, `not normal within ${BACK_MS / 1000} s, but after ${(ms / 1000).toFixed(1)} s`)
  await world.admin
    .call('GET', '/clients?limit=1')
    .catch((error: unknown) => expect(false, `the admin API: ${String(error)}`))
  for (const one of waiting) await expectUsable(world, one, expect)
  return ms
}

/** The form that was answered with 503 can be sent again as it is. */
async function expectUsable(world: World, { node, browser, page }: Waiting, expect: Expect): Promise<void> {
  let answer = await browser.submit(page, {
    identifier: world.people[0]?.email ?? '',
    password: world.people[0]?.password ?? '',
  })
  if (/name="decision"/.test(answer.html)) {
    answer = await browser.submit(answer, {}, { name: 'decision', value: 'allow' })
  }
  const code = answer.left && answerOf(answer.left)['code']
  expect(
    typeof code === 'string',
    `the sign-in page of process ${node + 1} was of no more use: ${answer.status} ${answer.left?.search ?? textOf(answer.html).slice(0, 200)}`,
  )
}

interface Timed {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly ms: number
}

export async function timed(server: Server, path: string, init: RequestInit = {}): Promise<Timed> {
  const started = performance.now()
  try {
    const response = await server.fetch(path, { redirect: 'manual', signal: AbortSignal.timeout(15_000), ...init })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, ms: performance.now() - started }
  } catch (error) {
    return { status: 0, headers: new Headers(), text: String(error), ms: performance.now() - started }
  }
}
