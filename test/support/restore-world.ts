/**
 * Two servers whose database is restored from a backup, and what people and apps held before. When a server starts, a
 * restore was a minute ago: before that, it accepts no client assertions.
 */
import { expect } from 'vitest'
import { runSignet } from '../cli/support/signet.ts'
import { administrator, PASSWORD } from './administrator.ts'
import { createApp } from './app.ts'
import { cookieHeader, person } from './person.ts'
import { aMinuteAgo } from './passed-time.ts'
import { backUp, restore } from './postgres.ts'
import { CALLBACK, CHECKS, type Holdings, type Stage } from './revocation-holdings.ts'
import { freePort } from './ports.ts'
import type { Server } from './server.ts'
import { eventually } from './eventually.ts'

export const MACHINE_API = 'https://machines.example.com'
export const ada = { email: 'ada@example.com', password: PASSWORD }
/** What a restore leaves as it was in the backup: clients, with their keys, secrets and registrations. */
const STAYS = new Set(['Registration access token'])
/** The result of `alive` after a restore with the epoch, for what was in the backup. */
export const ENDED_BY_RESTORE = Object.fromEntries(Object.keys(CHECKS).map((name) => [name, STAYS.has(name)]))

export interface RestoreWorld {
  readonly servers: readonly [Server, Server]
  readonly stage: Stage
  /** Runs `work` while no server runs. */
  stopped<T>(work: () => Promise<T>): Promise<T>
  /** Creates a backup, runs `meanwhile`, restores the backup, and runs `before` before the start. */
  restored(meanwhile: () => Promise<unknown>, before: () => Promise<unknown>): Promise<void>
  /** Runs the CLI with the settings of the servers, or with another keys directory. */
  signet(args: readonly string[], keysDir?: string): ReturnType<typeof runSignet>
  /** Runs `signet restore-epoch` and returns the new number. */
  advance(): Promise<number>
  /** The stage with a new administrator token, because the old one ends with everything else. */
  renewed(): Promise<Stage>
  /** Returns which of the holdings are still valid, by the name of the artefact. */
  alive(holdings: Holdings): Promise<Record<string, boolean>>
}

/** @param start `startServers`, or `startProcesses` where the servers must stop by themselves. */
export async function restoreWorld(start: (count: number) => Promise<Server[]>): Promise<RestoreWorld> {
  const servers = (await start(2)) as [Server, Server]
  const [first, second] = servers
  const { databaseUrl, keysDir: ownKeysDir, issuer } = first
  await aMinuteAgo(databaseUrl)
  const ports = { PORT: String(await freePort()), SIGNET_MANAGEMENT_PORT: '0' }
  const admin = await administrator(first)
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'token' } })
  await admin.resource(MACHINE_API, ['posts:read'])
  await admin.account(ada.email, ada.password)
  const stage: Stage = {
    first,
    second,
    admin,
    gateway: createApp(first, await admin.client('machine', { signet_introspect: true }), CALLBACK),
    visitor: createApp(first, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK),
  }

  const world: RestoreWorld = {
    servers,
    stage,
    async stopped(work) {
      for (const server of servers) await server.stop()
      const result = await work()
      await Promise.all(servers.map((server) => server.restart()))
      return result
    },
    async restored(meanwhile, before) {
      const backup = await world.stopped(() => backUp(databaseUrl))
      await meanwhile()
      await world.stopped(async () => {
        await restore(databaseUrl, backup)
        await before()
      })
    },
    signet: (args, keysDir = ownKeysDir) =>
      runSignet(args, {
        dir: keysDir,
        env: { ...ports, SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir, DATABASE_URL: databaseUrl },
      }),
    async advance() {
      const { code, stdout, stderr } = await world.signet(['restore-epoch', '--yes', '--json'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return (JSON.parse(stdout) as { epoch: number }).epoch
    },
    renewed: async () => ({ ...stage, admin: await administrator(first) }),
    async alive(holdings) {
      const now = await world.renewed()
      const found: Record<string, boolean> = {}
      for (const [name, check] of Object.entries(CHECKS)) found[name] = (await check(now, holdings)).isAlive
      return found
    },
  }
  return world
}

/** Returns the cookies of a browser in which Ada is signed in. */
export async function signedInCookie({ servers, stage }: RestoreWorld): Promise<string> {
  const browser = person(() => servers[1])
  await stage.visitor.code(browser, ada)
  return cookieHeader(browser.cookies)
}

/** Returns the error of a request with `prompt=none` and this cookie, or undefined for a code. */
export async function silentError(node: Server, { visitor }: Stage, cookie: string): Promise<string | undefined> {
  const response = await node.fetch(visitor.begin({ prompt: 'none' }).url, { headers: { cookie }, redirect: 'manual' })
  return new URL(response.headers.get('location') ?? 'x:/').searchParams.get('error') ?? undefined
}

/** Resolves when the server no longer answers. */
export async function untilGone(server: Server, withinMs: number): Promise<void> {
  const isGone = () =>
    server.fetch('/jwks').then(
      () => false,
      () => true,
    )
  await eventually(isGone, withinMs, () => `the server still answers after ${withinMs} ms`)
}
