/**
 * `npm run bench:sign-in`: how much of what hashing alone allows is left of the password step and of a whole sign-in,
 * what becomes of the token endpoint meanwhile, and how quick and small the sign-in page is. Writes
 * bench/results/<date>-sign-in.json; exits 1 when a bar is missed.
 */
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createHasher } from '#sign-in/hashing.ts'
import { administrator, PASSWORD } from '../test/support/administrator.ts'
import { createApp } from '../test/support/app.ts'
import { runEndings } from '../test/support/endings.ts'
import { startOwnPostgres } from '../test/support/own-postgres.ts'
import { person, type Person, type Visit } from '../test/support/person.ts'
import { startProcess } from '../test/support/server.ts'
import type { Measured } from './load.ts'
import { runBeside, YIELDING } from './processes.ts'

const PEOPLE = 100
const SIGN_INS = 300
const PARALLEL = 500
const AT_ONCE = 16
const ROUNDS = 3
const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const BARS = { passwordStep: 0.7, signIn: 0.4, tokenRate: 0.5, tokenP99: 3, pageBytes: 30_000, pageMilliseconds: 5 }

const postgres = await startOwnPostgres()
const server = await startProcess({ databaseUrl: postgres.url, env: { LOG_LEVEL: 'warn' } })
// the people are not on the server's machine: what plays them yields to it, as the load of machine tokens does
setPriority(YIELDING)
try {
  const world = await createWorld()
  const hashing = await hashesPerSecond()
  const page = await signInPage(world)
  const passwordStep = await passwordSteps(world)
  const signIn = await signIns(world)
  const tokens = await tokensMeanwhile(world)
  const figures = {
    hashesPerSecond: hashing,
    passwordStep: { perSecond: passwordStep, ofHashing: passwordStep / hashing },
    signIn: { perSecond: signIn, ofHashing: signIn / hashing },
    page,
    tokens,
  }
  const met =
    figures.passwordStep.ofHashing >= BARS.passwordStep &&
    figures.signIn.ofHashing >= BARS.signIn &&
    tokens.rate >= BARS.tokenRate &&
    tokens.p99 <= BARS.tokenP99 &&
    tokens.serverErrors === 0 &&
    page.gzipBytes < BARS.pageBytes &&
    page.medianMilliseconds < BARS.pageMilliseconds
  const path = join(import.meta.dirname, 'results', `${new Date().toISOString().slice(0, 10)}-sign-in.json`)
  writeFileSync(path, `${JSON.stringify({ bars: BARS, met, ...figures }, rounded, 2)}\n`)
  process.stdout.write(`${JSON.stringify({ met, ...figures }, rounded, 2)}\nwritten to ${path}\n`)
  process.exitCode = met ? 0 : 1
} finally {
  await runEndings()
}

type World = Awaited<ReturnType<typeof createWorld>>

async function createWorld() {
  const admin = await administrator(server)
  // all of the load comes from one address
  await admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: 10_000 } })
  await admin.resource(API, ['posts:read'])
  const allowed = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  const app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK], ...allowed }), CALLBACK)
  const machine = await admin.client('machine', allowed)
  const people = Array.from({ length: PEOPLE }, (_, at) => ({ email: `person-${at}@example.com`, password: PASSWORD }))
  for (const who of people) {
    await admin.account(who.email, who.password)
    // allowed once: later sign-ins are not asked
    await app.code(newPerson(), who, { scope: 'openid posts:read', resource: API })
  }
  return { app, machine, people }
}

function newPerson(): Person {
  return person(() => server)
}

/** Verifications of one password by as many threads as the server gives to it. */
async function hashesPerSecond(): Promise<number> {
  const hasher = createHasher()
  const phc = await hasher.hash(PASSWORD)
  return perSecond(SIGN_INS, () => hasher.verify(phc, PASSWORD))
}

async function perSecond(count: number, work: (at: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const worker = async () => {
    for (let at = next++; at < count; at = next++) await work(at)
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return count / ((performance.now() - started) / 1000)
}

/** The POST of the form alone, from request to redirect; the pages were loaded before. */
async function passwordSteps({ app, people }: World): Promise<number> {
  const open: { browser: Person; page: Visit }[] = []
  for (let at = 0; at < SIGN_INS; at++) {
    const browser = newPerson()
    open.push({ browser, page: await browser.visit(app.begin({ scope: 'openid' }).url) })
  }
  return perSecond(SIGN_INS, async (at) => {
    const { browser, page } = open[at] as (typeof open)[number]
    const who = people[at % PEOPLE] as World['people'][number]
    const form = { identifier: who.email, password: who.password }
    const { status } = await browser.submit(page, form, undefined, { follow: false })
    if (status !== 303) throw new Error(`the form was answered by ${status}`)
  })
}

/** From the authorization request to the tokens. */
function signIns({ app, people }: World): Promise<number> {
  return perSecond(SIGN_INS, async (at) => {
    const who = people[at % PEOPLE] as World['people'][number]
    const { status } = await app.redeem(await app.code(newPerson(), who, { scope: 'openid posts:read', resource: API }))
    if (status !== 200) throw new Error(`the code was answered by ${status}`)
  })
}

/** The token endpoint with 500 sign-ins beside it against itself without, in turn: the round with the median rate. */
async function tokensMeanwhile(world: World) {
  await machineTokens(world, 2000)
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await tokenRound(world))
  return {
    ...(rounds.toSorted((a, b) => a.rate - b.rate)[Math.floor(ROUNDS / 2)] as Round),
    rates: rounds.map(({ rate }) => rate),
    p99s: rounds.map(({ p99 }) => p99),
    serverErrors: rounds.reduce((sum, { serverErrors }) => sum + serverErrors, 0),
  }
}

type Round = Awaited<ReturnType<typeof tokenRound>>

async function tokenRound(world: World) {
  const quiet = await machineTokens(world, 3000)
  const busy = machineTokens(world, 3000)
  const [outcomes, beside] = await Promise.all([
    Promise.all(Array.from({ length: PARALLEL }, (_, at) => signInStatus(world, at))),
    busy,
  ])
  return {
    quiet: { perSecond: quiet.requestsPerSecond, p99: quiet.milliseconds.p99 },
    beside: { perSecond: beside.requestsPerSecond, p99: beside.milliseconds.p99 },
    rate: beside.requestsPerSecond / quiet.requestsPerSecond,
    p99: beside.milliseconds.p99 / quiet.milliseconds.p99,
    signInAnswers: Object.fromEntries([...Map.groupBy(outcomes, String)].map(([status, all]) => [status, all.length])),
    refusedTokens: Object.keys(beside.refused),
    serverErrors: [...outcomes, ...Object.keys(beside.refused).map(Number)].filter((status) => status >= 500).length,
  }
}

/** What the form of one of the sign-ins is answered by. */
async function signInStatus({ app, people }: World, at: number): Promise<number> {
  const browser = newPerson()
  const who = people[at % PEOPLE] as World['people'][number]
  const page = await browser.visit(app.begin({ scope: 'openid' }).url)
  const form = { identifier: who.email, password: who.password }
  return (await browser.submit(page, form, undefined, { follow: false })).status
}

async function machineTokens({ machine }: World, requests: number): Promise<Measured> {
  const plan = {
    tokenEndpoint: `${server.issuer}/token`,
    issuer: server.issuer,
    clientId: machine.id,
    privateJwk: machine.key,
    resource: API,
    scope: 'posts:read',
    connections: 8,
    requests,
  }
  return JSON.parse(await runBeside(['bench/load.ts'], JSON.stringify(plan))) as Measured
}

/** The page with everything it loads, compressed, and the median time in which the server answers for it. */
async function signInPage({ app }: World) {
  const browser = newPerson()
  const { url, html } = await browser.visit(app.begin({ scope: 'openid' }).url)
  const times: number[] = []
  for (let at = 0; at < 200; at++) {
    const started = performance.now()
    await browser.visit(url)
    times.push(performance.now() - started)
  }
  const linked = [...html.matchAll(/<(?:script|link|img)[^>]*\b(?:src|href)="(\/[^"]+)"/g)].map(([, path]) =>
    String(path),
  )
  const parts = await Promise.all([...new Set(linked)].map(async (path) => (await server.fetch(path)).text()))
  return {
    gzipBytes: [html, ...parts].reduce((sum, text) => sum + gzipSync(text).length, 0),
    medianMilliseconds: times.toSorted((a, b) => a - b)[times.length / 2] ?? Number.NaN,
  }
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(3)) : value
}
