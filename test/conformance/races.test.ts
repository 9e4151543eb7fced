/** The races of one-time things at fifty-fold concurrency over two server processes, and what they see elsewhere. */
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { naiveRaces } from '../support/naive-target.ts'
import { answerOf, cookieHeader, person, type Person } from '../support/person.ts'
import { type Server, type ServerProcess, startProcesses } from '../support/server.ts'
import { type Attempt, CONCURRENCY, type Race, run, timesSpent } from './races.ts'
import { inOneMoment } from '../support/passed-time.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
const NAMES = ['an authorization code', 'a refresh token', 'a client assertion', 'a pushed authorization request']

describe('over PostgreSQL, exactly once', () => {
  let races: Race[]
  let databaseUrl: string
  beforeAll(async () => {
    const nodes = (await startProcesses(2)) as [ServerProcess, ServerProcess]
    ;[{ databaseUrl }] = nodes
    races = await signetRaces(nodes)
  })
  test.each(NAMES)('%s', async (name) => {
    for (let round = 0; round < 3; round++) {
      const attempts = await inOneMoment(databaseUrl, () => run(find(races, name)))
      expect(timesSpent(attempts)).toBe(1)
      expect(attempts.filter(({ status }) => status >= 500)).toEqual([])
    }
  })
})

describe('over an adapter that finds and then upserts, the same races see a double spend of', () => {
  let races: Race[]
  beforeAll(async () => {
    races = await naiveRaces()
  })
  test.each(NAMES)('%s', async (name) => {
    let most = 0
    for (let round = 0; round < 5 && most < 2; round++) most = timesSpent(await run(find(races, name)))
    expect(most).toBeGreaterThan(1)
  })
})

function find(races: Race[], name: string): Race {
  const race = races.find((candidate) => candidate.name === name)
  if (!race) throw new Error(`there is no race for ${name}`)
  return race
}

async function signetRaces(nodes: readonly [Server, Server]): Promise<Race[]> {
  const admin = await administrator(nodes[0])
  await admin.resource(API, ['posts:read'])
  await admin.account(ada.email, ada.password)
  const allowed = { redirect_uris: [CALLBACK], signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  const web = await admin.client('web', allowed)
  const spa = await admin.client('spa', allowed)
  const machine = await admin.client('machine', { signet_allow: allowed.signet_allow })
  const app = createApp(nodes[0], web, CALLBACK)
  const single = createApp(nodes[0], spa, CALLBACK, true)
  const browser = person(() => nodes[0])
  return [
    codeRace(app, browser, nodes),
    refreshRace(single, browser, nodes),
    assertionRace(machine, nodes),
    pushedRace(app, browser, nodes),
  ]
}

function attempt({ status, body }: { status: number; body: Record<string, string> }, member: string): Attempt {
  return { status, body, spent: status === 200 ? body[member] : undefined }
}

function codeRace(app: App, browser: Person, nodes: readonly [Server, Server]): Race {
  return {
    name: 'an authorization code',
    async begin() {
      const grant = await app.code(browser, ada, { scope: 'openid offline_access' })
      return async (node) => attempt(await app.redeem(grant, {}, nodes[node]), 'access_token')
    },
    // a loser of the race ends nothing
    async after(attempts) {
      const winner = attempts.find(({ status }) => status === 200)
      expect(attempts.filter(({ status }) => status === 400)).toHaveLength(CONCURRENCY - 1)
      expect((await app.refresh(winner?.body['refresh_token'] as string)).status).toBe(200)
    },
  }
}

function refreshRace(app: App, browser: Person, nodes: readonly [Server, Server]): Race {
  return {
    name: 'a refresh token',
    async begin() {
      const { body } = await app.redeem(await app.code(browser, ada, { scope: 'openid posts:read', resource: API }))
      return async (node) =>
        attempt(await app.refresh(body['refresh_token'] as string, {}, nodes[node]), 'refresh_token')
    },
    // within the grace window each gets the same successor
    async after(attempts) {
      expect(attempts.map(({ status }) => status)).toEqual(Array.from({ length: CONCURRENCY }, () => 200))
      expect((await app.refresh(attempts[0]?.body['refresh_token'] as string)).status).toBe(200)
    },
  }
}

function assertionRace(machine: RegisteredClient, nodes: readonly [Server, Server]): Race {
  return {
    name: 'a client assertion',
    async begin() {
      const issuer = nodes[0].issuer
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        ...(await assertionParams({ issuer, clientId: machine.id, key: machine.key })),
      })
      return async (node) => {
        const response = await (nodes[node] as Server).fetch('/token', { method: 'POST', body })
        return attempt(
          { status: response.status, body: (await response.json()) as Record<string, string> },
          'access_token',
        )
      }
    },
  }
}

function pushedRace(app: App, browser: Person, nodes: readonly [Server, Server]): Race {
  return {
    name: 'a pushed authorization request',
    async begin() {
      const { params } = app.begin({ scope: 'openid' })
      const pushed = await app.push(params)
      const query = new URLSearchParams({
        client_id: params['client_id'] as string,
        request_uri: pushed.body['request_uri'] as string,
      })
      const cookie = cookieHeader(browser.cookies)
      return async (node) => {
        const response = await (nodes[node] as Server).fetch(`/authorize?${query.toString()}`, {
          headers: { cookie },
          redirect: 'manual',
        })
        const answer = answerOf(new URL(response.headers.get('location') ?? 'x:/', 'x:/'))
        return { status: response.status, body: {}, spent: answer['code'] as string | undefined }
      }
    },
  }
}
