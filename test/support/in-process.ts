/** Nodes of the server in the test's process, over a database that a scheduler can pause. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAccounts } from '#accounts/accounts.ts'
import { createApp as createKoaApp } from '#app.ts'
import { createAudit } from '#audit/recorder.ts'
import { loadConfig } from '#config/load.ts'
import type { Database } from '#database/database.ts'
import { createCsrf } from '#http/csrf.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import { requestOrigin } from '#http/origin.ts'
import { createEnginePages } from '#interactions/engine-pages.ts'
import { createMail } from '#mail/mail.ts'
import { createLogger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import { createEndings } from '#oidc/endings/endings.ts'
import { createAccountAccess } from '#oidc/sessions/account-access.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { createOidc } from '#oidc/oidc.ts'
import { SEALED_COLUMNS } from '#services.ts'
import { systemClock as clock } from '#shared/clock.ts'
import { createVerification } from '#verification/verification.ts'
import { createFederation } from '#federation/federation.ts'
import { createMethods } from '#sign-in/methods.ts'
import { createMasterKeys } from '#sealing/master-keys.ts'
import { atEnd } from './endings.ts'
import type { Rooms } from './rooms.ts'
import { inOperation, scheduledDatabase } from './scheduler.ts'
import { forFederation } from './sign-in-registry.ts'
import { fetchTo, type Reachable } from './server.ts'

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
  const { config } = loadConfig({ SIGNET_ISSUER: ISSUER, DATABASE_URL: url }, { masterKeys: 'none' })
  const logger = createLogger({ level: 'error', format: 'json' })
  const metrics = createMetrics()

  function build() {
    const audit = createAudit({ db: scheduled })
    const accounts = createAccounts({ db: scheduled, audit, clock })
    const endings = createEndings({ sessions: [], grants: [] })
    const own = { ...rooms, db: scheduled, audit, accounts, endings, logger, metrics, grants: GRANTS }
    const federation = createFederation({
      ...own,
      ...forFederation,
      mail: createMail({ ...own, config, clock, smtpUrl: undefined, brand: () => 'Signet' }),
      clock,
      issuer: ISSUER,
      allowHttp: () => false,
      fetch: createGuardedFetch({ allow: [] }),
    })
    const oidc = createOidc({
      ...own,
      issuer: ISSUER,
      pages: createEnginePages({ accounts, issuer: ISSUER, upstreamSignIn: federation.upstreamSignIn }),
      fetch: createGuardedFetch({ allow: [] }),
      builtInResources: [],
      origin: requestOrigin,
    })
    return { ...own, ...federation, oidc }
  }

  return () => {
    let current = build()
    const mail = createMail({ ...current, config, clock, smtpUrl: undefined, brand: () => 'Signet' })
    const methods = createMethods({
      ...current,
      clock,
      issuer: ISSUER,
      brand: () => 'Signet',
      further: [current.method],
    })
    const app = createKoaApp({
      ...current,
      config,
      // the rooms around the engine keep nothing between requests
      oidc: {
        middleware: (ctx, next) => current.oidc.middleware(ctx, next),
        gateway: current.oidc.gateway,
        browserSessions: current.oidc.browserSessions,
        hasEnded: (claims) => current.oidc.hasEnded(claims),
        removeExpired: () => current.oidc.removeExpired(),
      },
      adminResource: `${ISSUER}/admin/v1`,
      ...methods,
      masterKeys: createMasterKeys({ ...current, sealed: SEALED_COLUMNS }),
      accountAccess: createAccountAccess(current),
      mail,
      ...createVerification({ ...current, ...methods, clock, mail, endAccess: async () => undefined }),
      csrf: createCsrf({ keys: rooms.keyring.derive('csrf'), issuer: ISSUER }),
      close: async () => undefined,
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
