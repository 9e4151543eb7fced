/** The rooms below sign-in as on one node: services over their own pool and LISTEN connection. */
import { randomBytes } from 'node:crypto'
import { createAccounts } from '#accounts/accounts.ts'
import { isLoopback } from '#config/loopback.ts'
import { createLogger } from '#observability/logger.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { seenRestoreEpoch } from '#oidc/restore-epoch/restore-epoch.ts'
import { openFoundations } from '#services/foundations.ts'
import { createRegistrations } from '#services/registrations.ts'
import type { AppError } from '#shared/app-error.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createKnownDevices } from '#sign-in/known-devices.ts'
import { systemClock } from '#shared/clock.ts'
import { atEnd } from './endings.ts'
import { eventually } from './eventually.ts'
import { nextKeyPair } from './key-pairs.ts'
import { mailOf } from './mail-of.ts'

const MASTER_KEY = randomBytes(32)
const logger = createLogger({ level: 'silent', format: 'json' })

export type Rooms = Awaited<ReturnType<typeof openRooms>>

/** Opens the rooms of one node. All nodes of a test file share their master key. */
export async function openRooms(url: string, { clock = systemClock, workers = 1 } = {}) {
  const foundations = await openFoundations(
    {
      databaseUrl: url,
      databaseDirectUrl: url,
      masterKeys: [MASTER_KEY],
      fetchAllow: ['127.0.0.0/8'],
      refusalsPerMinute: 1_000_000,
      workers,
      logger,
      metrics: { watchPool: () => undefined },
    },
    { clock, generateKeyPair: nextKeyPair },
  )
  atEnd(foundations.close)
  const { db, audit, keyring } = foundations
  const rules = { issuer: 'https://as.example.com', mtls: undefined, grants: GRANTS, allowHttp: isLoopback }
  return {
    ...foundations,
    ...createRegistrations(foundations, rules),
    accounts: createAccounts({ db, audit, clock }),
    restoreEpoch: await seenRestoreEpoch(db),
    mail: mailOf(foundations),
    attempts: createAttempts({ db, keyring }),
    devices: createKnownDevices({ keyring }),
  }
}

/** Returns the error of a refused change. Fails when it is not refused. */
export async function refusal(change: Promise<unknown>): Promise<AppError> {
  const result = await change.then(
    () => 'no error',
    (error: unknown) => error,
  )
  if (result instanceof Error && 'faults' in result) return result as AppError
  throw result instanceof Error ? result : new Error('the change was not refused')
}

/**
 * Makes a change and resolves once this node has received its notification and has finished reacting to it. `payloadOf`
 * tells which one that is: those of earlier changes may still be on their way.
 */
export async function heard<T>(
  { notifications }: Rooms,
  channel: string,
  change: () => Promise<T>,
  payloadOf: (result: T) => string,
): Promise<T> {
  const payloads = new Set<string>()
  const forget = notifications.listen(channel, (payload) => void payloads.add(payload))
  try {
    const result = await change()
    await eventually(() => payloads.has(payloadOf(result)))
    return result
  } finally {
    forget()
  }
}
