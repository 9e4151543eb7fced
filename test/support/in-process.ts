/** Nodes of the server in the test's process, over a database that a scheduler can pause. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp as createKoaApp } from '#app.ts'
import { createAudit } from '#audit/recorder.ts'
import { loadConfig } from '#config/load.ts'
import type { Database } from '#database/database.ts'
import { createLogger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { assembleServices } from '#services.ts'
import { atEnd } from './endings.ts'
import { createQuickHasher } from './quick-hasher.ts'
import type { Rooms } from './rooms.ts'
import { inOperation, scheduledDatabase } from './scheduler.ts'
import { fetchTo } from './fetch-to.ts'
import type { Reachable } from './server.ts'

export const ISSUER = 'http://localhost:4711'

/** A server process, from the view of a request. */
export interface ScheduleNode extends Reachable {
  /** Replaces this process by a new one. */
  replace(): void
}

/** What each process has for itself: the engine, its unit of work, and the batch writers. */
interface Process {
  readonly handle: RequestListener
  replace(): void
}
type Start = () => Process

/** `db` pauses scheduled operations; `url` is that of the same database. */
export function processStarter(rooms: Rooms, db: Database, url: string): Start {
  const scheduled = scheduledDatabase(db)
  const { config, secrets } = loadConfig({ SIGNET_ISSUER: ISSUER, DATABASE_URL: url }, { masterKeys: 'none' })
  const logger = createLogger({ level: 'error', format: 'json' })
  const input = { config, secrets, logger, metrics: createMetrics() }
  const build = () => {
    // a crash in the middle of a batch stops the writer, so each process has its own
    const foundations = { ...rooms, db: scheduled, audit: createAudit({ db: scheduled }) }
    const { restoreEpoch } = rooms
    const more = { restoreEpoch, grants: GRANTS, createHasher: createQuickHasher }
    return assembleServices(input, { foundations, registrations: rooms, ...more })
  }

  return () => {
    let current = build()
    const app = createKoaApp({
      ...current,
      // the rooms around the engine keep nothing between requests
      oidc: {
        middleware: (ctx, next) => current.oidc.middleware(ctx, next),
        gateway: current.oidc.gateway,
        devices: current.oidc.devices,
        approvals: current.oidc.approvals,
        browserSessions: current.oidc.browserSessions,
        frontChannel: current.oidc.frontChannel,
        deliverPing: (payload, job) => current.oidc.deliverPing(payload, job),
        deliverLogout: (payload, job) => current.oidc.deliverLogout(payload, job),
        hasEnded: (claims) => current.oidc.hasEnded(claims),
        removeExpired: () => current.oidc.removeExpired(),
      },
    })
    return {
      handle: app.callback(),
      replace() {
        current = build()
      },
    }
  }
}

/** Opens a node on its own port. */
export async function openNode(start: Start): Promise<ScheduleNode> {
  const { handle, replace } = start()
  const server = createServer((request, response) => {
    const key = request.headers['x-operation']
    inOperation(typeof key === 'string' ? key : undefined, () => handle(request, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { fetch, agent } = fetchTo((server.address() as AddressInfo).port, ISSUER)
  atEnd(async () => {
    await agent.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { issuer: ISSUER, fetch, replace }
}
