/** What the servers to compare with are told by the benchmark, as one JSON argument. */
import type { JWK } from 'jose'

export interface ServerSettings {
  readonly port: number
  readonly issuer: string
  readonly clientId: string
  /** The client's public P-256 key. */
  readonly clientJwk: JWK
  readonly resource: string
  readonly scope: string
}

export function readSettings(): ServerSettings {
  return JSON.parse(process.argv[2] ?? '{}') as ServerSettings
}
