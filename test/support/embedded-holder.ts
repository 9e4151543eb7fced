/**
 * A process that runs the embedded PostgreSQL of the folder in its arguments, as a server does. Prints one line of
 * JSON: URL and process id, or the error of the start. On SIGINT it drains like a server.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { createDatabase } from '#database/pool.ts'
import { startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { EmbeddedPostgresError } from '#embedded-postgres/errors.ts'

const [, , dataDir = '', binDir] = process.argv

try {
  const postgres = await startEmbedded({ dataDir, ...(binDir !== undefined && { binDir }) })
  // before it reports that it runs: the signal may come at once
  process.once('SIGINT', () => void drain(postgres))
  process.stdout.write(`${JSON.stringify({ url: postgres.url, pid: postgres.pid })}\n`)
  setInterval(() => undefined, 60_000)
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error
  process.stdout.write(`${JSON.stringify({ refused: error.message })}\n`)
}

async function drain(postgres: Awaited<ReturnType<typeof startEmbedded>>): Promise<void> {
  await delay(300)
  const db = createDatabase({ url: postgres.url })
  const { rows } = await db.query(`SELECT 'still there' AS answer`)
  await db.close()
  await postgres.stop()
  process.stdout.write(`${JSON.stringify(rows[0])}\n`)
  process.exit(0)
}
