/** Two nodes that accept client documents, and a clock that a test can put forward. */
import { expect } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { ClientDocumentRefused } from '#clients/errors.ts'
import { cloneDatabase } from './postgres.ts'
import { openRooms, type Rooms } from './rooms.ts'

export interface DocumentWorld {
  readonly here: Rooms
  readonly there: Rooms
  letPass(seconds: number): void
}

/** Who asks for a client in most tests. */
export const ASKER = { address: '192.0.2.7', mayFetch: true }

export async function documentWorld(): Promise<DocumentWorld> {
  let ahead = 0
  const clock = { now: () => new Date(Date.now() + ahead) }
  const { url } = await cloneDatabase()
  const [here, there] = await Promise.all([openRooms(url, { clock }), openRooms(url, { clock })])
  await here.settings.change({ client_documents: { mode: 'on' } }, undefined, SYSTEM)
  await there.settings.reload()
  return { here, there, letPass: (seconds) => void (ahead += seconds * 1000) }
}

/** Returns why a document is refused. Fails when it is not. */
export async function documentRefusal(finding: Promise<unknown>): Promise<ClientDocumentRefused> {
  const error = await finding.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ClientDocumentRefused)
  return error as ClientDocumentRefused
}
