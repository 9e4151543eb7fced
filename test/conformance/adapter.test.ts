/** The adapter over PostgreSQL passes the suite that any adapter must pass. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createDatabase } from '#database/pool.ts'
import { createAdapterFactory } from '#oidc/adapter/adapter.ts'
import { createArtefactStore } from '#oidc/adapter/artefact-store.ts'
import { createGrantStore } from '#oidc/adapter/grant-store.ts'
import { createEndings } from '#oidc/endings/endings.ts'
import { createPayloadSealer } from '#oidc/adapter/sealing.ts'
import { createSessionAdapter } from '#oidc/sessions/session-adapter.ts'
import { createSessionStore } from '#oidc/sessions/session-store.ts'
import { inRequestScope } from '#oidc/engine/scope/request-scope.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { atEnd } from '../support/endings.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { adapterConformance } from './adapter.ts'

const TABLES = ['artefacts', 'grants', 'sessions', 'session_ids', 'replay_reservations', 'consents']

adapterConformance('over PostgreSQL', async () => {
  const { url } = await cloneDatabase()
  const db = createDatabase({ url, poolSize: 20 })
  atEnd(() => db.close())
  const sealer = createPayloadSealer(createKeyring([randomBytes(32)]))
  const sessions = createSessionStore(db)
  const endings = createEndings({ sessions: [], grants: [] })
  const factory = createAdapterFactory({
    artefacts: createArtefactStore(db),
    db,
    grants: createGrantStore(db),
    endings,
    sessions: createSessionAdapter({ sessions, sealer, absoluteSeconds: () => 3600 }),
    sealer,
    graceSeconds: () => 60,
    admit: () => undefined,
  })
  return {
    adapter: factory,
    dump: () => dump(url),
    endSession: async (uid) => {
      await db.transaction((trx) => endings.endSessions(trx, { uid }, 'signed_out'))
    },
    asRequest: (work) => inRequestScope({ collect: false }, work),
  }
})

/** Every row of every table, as PostgreSQL writes it out. */
async function dump(url: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    let text = ''
    for (const table of TABLES) {
      const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${table} t`)
      text += rows.map(({ line }) => line).join('\n')
    }
    return text
  } finally {
    await client.end()
  }
}
