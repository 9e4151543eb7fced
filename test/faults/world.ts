/** What the faults happen to: a PostgreSQL of its own, two processes of Signet on it, and a balancer between them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { EmbeddedDatabase } from '#embedded-postgres/embedded-postgres.ts'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { atEnd } from '../support/endings.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, type ServerProcess, startProcess, temporaryDir } from '../support/server.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

export const API = 'https://api.example.com'
export const CALLBACK = 'https://shop.example.com/callback'
export const PEOPLE = 8

export interface World {
  readonly postgres: EmbeddedDatabase
  /** What limits in time are multiplied with: above 1 where others take the processor. */
  readonly patience: number
  /** Where PostgreSQL keeps its files (PGDATA). */
  readonly databaseDir: string
  /** The second one reaches PostgreSQL through `proxy`, and its clock can be set. */
  readonly nodes: readonly [ServerProcess, ServerProcess]
  readonly proxy: TcpProxy
  readonly admin: Administrator
  readonly clients: {
    /** Public, with refresh tokens that rotate. */
    readonly spa: RegisteredClient
    readonly machines: readonly RegisteredClient[]
    /** May ask about every token. */
    readonly gateway: RegisteredClient
    /** For requests that are no part of the load, as the two above are. */
    readonly prober: RegisteredClient
    readonly otherSpa: RegisteredClient
  }
  readonly people: readonly { email: string; password: string }[]
  /** Sets the clock of the second node wrong. */
  skew(ms: number): void
  /** Runs statements past the proxy. */
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  readonly balancer: Balancer
}

/** As a load balancer does: a process that is not ready gets nothing while another one is. */
export interface Balancer {
  pick(random: () => number): number
  /** Takes a process out at once, as after a refused connection. */
  refused(node: number): void
  /** Takes a process out until it is let in again, whatever it says. */
  hold(node: number | undefined): void
}

const SETTINGS = { max_connections: '60', deadlock_timeout: '100ms' }
const POLL_MS = 150

export async function createWorld(patience = 1): Promise<World> {
  const dataDir = `${temporaryDir('postgres')}/data`
  const postgres = await startOwnPostgres({ dataDir, settings: SETTINGS })
  const proxy = await tcpProxy(postgres.url)
  const clockFile = join(temporaryDir('clock'), 'skew')
  writeFileSync(clockFile, '0')
  const first = await startProcess({ databaseUrl: postgres.url })
  const second = await startProcess({
    databaseUrl: proxy.url,
    keysDir: first.keysDir,
    env: {
      SIGNET_ISSUER: first.issuer,
      FAULT_CLOCK_FILE: clockFile,
      NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'clock-skew.mjs')).href}`,
    },
  })
  const admin = await administrator(first)
  // all of the load comes from one address
  await admin.call('PATCH', '/settings', { limits: { anonymous_megabytes_per_hour: 10_000 } })
  await admin.resource(API, ['posts:read'])
  const allow = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  const people = Array.from({ length: PEOPLE }, (_, index) => ({ email: `p${index}@example.com`, password: PASSWORD }))
  await Promise.all(people.map(({ email, password }) => admin.account(email, password)))
  const nodes = [first, second] as const
  return {
    patience,
    postgres,
    databaseDir: join(dataDir, 'postgres'),
    nodes,
    proxy,
    admin,
    people,
    clients: {
      spa: await admin.client('spa', { redirect_uris: [CALLBACK], ...allow }),
      machines: [await admin.client('machine', allow), await admin.client('machine', allow)],
      gateway: await admin.client('machine', { ...allow, signet_introspect: true }),
      prober: await admin.client('machine', allow),
      otherSpa: await admin.client('spa', { redirect_uris: [CALLBACK], ...allow }),
    },
    skew: (ms) => writeFileSync(clockFile, String(ms)),
    sql: async <Row>(text: string, values: readonly unknown[] = []) =>
      asSuperuser(async (db) => (await db.query(text, [...values])).rows as Row[], postgres.url),
    balancer: createBalancer(nodes),
  }
}

/** The status of a probe, undefined when nobody answers it in time. */
export async function probe(node: Server, path: 'ready' | 'live', timeoutMs = 2500): Promise<number | undefined> {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(`${node.managementUrl}/health/${path}`, { signal }).catch(() => undefined)
  await response?.arrayBuffer().catch(() => undefined)
  return response?.status
}

function createBalancer(nodes: readonly ServerProcess[]): Balancer {
  const ready = nodes.map(() => true)
  const stop = new AbortController()
  let held: number | undefined
  const watch = async (index: number) => {
    while (!stop.signal.aborted) {
      ready[index] = (await probe(nodes[index] as Server, 'ready')) === 200
      await new Promise((resolve) => setTimeout(resolve, POLL_MS).unref())
    }
  }
  for (const index of nodes.keys()) void watch(index)
  atEnd(() => stop.abort())
  return {
    pick(random) {
      const candidates = [...nodes.keys()].filter((index) => ready[index] && index !== held)
      const from = candidates.length > 0 ? candidates : [...nodes.keys()]
      return from[Math.floor(random() * from.length)] as number
    },
    refused(node) {
      ready[node] = false
    },
    hold(node) {
      held = node
    },
  }
}
