/** The rooms below sign-in as on one node: services over their own pool and LISTEN connection. */
import { randomBytes } from 'node:crypto'
import { createAccounts } from '#accounts/accounts.ts'
import { createAudit } from '#audit/recorder.ts'
import { createClients } from '#clients/clients.ts'
import { createClientKeys } from '#clients/managed-keys.ts'
import { createNotifications } from '#database/notify.ts'
import { createDatabase } from '#database/pool.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { offersOf } from '#oidc/offers.ts'
import { seenRestoreEpoch } from '#oidc/restore-epoch/restore-epoch.ts'
import { createResources } from '#resources/resources.ts'
import type { AppError } from '#shared/app-error.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createKnownDevices } from '#sign-in/known-devices.ts'
import { createSettings } from '#settings/settings.ts'
import { systemClock } from '#shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createSigningKeys } from '#signing-keys/signing-keys.ts'
import { atEnd } from './endings.ts'

const MASTER_KEY = randomBytes(32)

export type Rooms = Awaited<ReturnType<typeof openRooms>>

/** Opens the rooms of one node. All nodes of a test file share their master key. */
export async function openRooms(url: string, { clock = systemClock } = {}) {
  const db = createDatabase({ url, poolSize: 4 })
  const notifications = await createNotifications({ url })
  const audit = createAudit({ db })
  const keyring = createKeyring([MASTER_KEY])
  const resources = createResources({
    db,
    notifications,
    audit,
    clock,
    reserved: ['https://as.example.com/admin/v1'],
    onRemove: (trx, identifier) => clients.forgetResource(trx, identifier),
  })
  const offers = offersOf(GRANTS)
  const clients = createClients({
    db,
    notifications,
    audit,
    clock,
    findResource: (identifier) => resources.find(identifier),
    allowHttpJwksUri: (host) => ['localhost', '127.0.0.1'].includes(host),
    offers,
  })
  const fetch = createGuardedFetch({ allow: ['127.0.0.0/8'] })
  const clientKeys = createClientKeys({ db, notifications, audit, clock, clients, fetch })
  const accounts = createAccounts({ db, audit, clock })
  const signingKeys = createSigningKeys({ db, notifications, audit, keyring, clock })
  const settings = createSettings({ db, notifications, audit, clock })
  const restoreEpoch = await seenRestoreEpoch(db)
  atEnd(async () => {
    settings.close()
    signingKeys.close()
    await notifications.close()
    await db.close()
  })
  return {
    db,
    notifications,
    audit,
    keyring,
    resources,
    clients,
    offers,
    clientKeys,
    accounts,
    signingKeys,
    settings,
    restoreEpoch,
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

/** Makes a change and resolves once this node has received its notification and has finished reacting to it. */
export async function heard<T>({ notifications }: Rooms, channel: string, change: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const forget = notifications.listen(channel, () => resolve())
  try {
    const result = await change()
    await promise
    return result
  } finally {
    forget()
  }
}
