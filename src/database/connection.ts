/** How this server connects to PostgreSQL: the limits that keep every wait short. */
import type pg from 'pg'

export const STATEMENT_TIMEOUT_MS = 2000
const ANSWER_TIMEOUT_MS = 2500
const CONNECT_TIMEOUT_MS = 2000

/** Settings for a connection whose statements belong to a request: each answers or fails within three seconds. */
export function requestConnection(url: string, applicationName: string): pg.ClientConfig {
  return {
    ...directConnection(url, applicationName),
    query_timeout: ANSWER_TIMEOUT_MS,
  }
}

/** Settings for a connection of its own (migrations, notifications), whose statements may take long. */
export function directConnection(url: string, applicationName: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
  }
}
