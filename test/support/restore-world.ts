/** Two processes whose database is lost and restored from a backup, and what people and apps held before. */
import { expect } from 'vitest'
import { runSignet } from '../cli/support/signet.ts'
import { administrator, PASSWORD } from './administrator.ts'
import { createApp } from './app.ts'
import { person } from './person.ts'
import { backUp, restore } from './postgres.ts'
import { CALLBACK, CHECKS, type Holdings, type Stage } from './revocation-holdings.ts'
import { type Server, startServers } from './server.ts'
import { eventually } from './eventually.ts'

export const MACHINE_API = 'https://machines.example.com'
export const ada = { email: 'ada@example.com', password: PASSWORD }
/** What `alive` says when nothing is. */
export const NOTHING = Object.fromEntries(Object.keys(CHECKS).map((name) => [name, false]))

export interface RestoreWorld {
  readonly servers: readonly [Server, Server]
  readonly stage: Stage
  /** Runs `work` while no server does. */
  stopped<T>(work: () => Promise<T>): Promise<T>
  /** Makes a backup, lets `meanwhile` happen, and puts the backup in the place of the database; then `before` a start. */
  restored(meanwhile: () => Promise<unknown>, before: () => Promise<unknown>): Promise<void>
  /** Runs the command with the settings of the servers, or of another keys directory. */
  signet(args: readonly string[], keysDir?: string): ReturnType<typeof runSignet>
  /** `signet restore-epoch`; the number it says. */
  advance(): Promise<number>
  /** The stage with an administrator whose token is new: the old one ends with everything else. */
  renewed(): Promise<Stage>
  /** What of the holdings opens anything, by the name of the artefact. */
  alive(holdings: Holdings): Promise<Record<string, boolean>>
}

export async function restoreWorld(): Promise<RestoreWorld> {
  const servers = (await startServers(2)) as [Server, Server]
  const [first, second] = servers
  const { databaseUrl, keysDir: ownKeysDir, issuer } = first
  const admin = await administrator(first)
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
        env: { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir, DATABASE_URL: databaseUrl },
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

/** The cookies of a browser that Ada is signed in with. */
export async function signedInCookie({ servers, stage }: RestoreWorld): Promise<string> {
  const browser = person(() => servers[1])
  await stage.visitor.code(browser, ada)
  return [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** What the server says to the cookie when nobody may be asked: the error, or undefined for a code. */
export async function silentError(node: Server, { visitor }: Stage, cookie: string): Promise<string | undefined> {
  const response = await node.fetch(visitor.begin({ prompt: 'none' }).url, { headers: { cookie }, redirect: 'manual' })
  return new URL(response.headers.get('location') ?? 'x:/').searchParams.get('error') ?? undefined
}

/** Resolves once nobody answers any more. */
export async function untilGone(server: Server, withinMs: number): Promise<void> {
  const isGone = () =>
    server.fetch('/jwks').then(
      () => false,
      () => true,
    )
  await eventually(isGone, withinMs, () => `the server still answers after ${withinMs} ms`)
}
