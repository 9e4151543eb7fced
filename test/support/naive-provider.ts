/** The plain engine over the naive adapter, to show that the race tests find its faults. */
import { Provider } from 'oidc-provider'
import type { JWK } from 'jose'
import pg from 'pg'
import { createNaiveAdapter } from './naive-adapter.ts'

export interface NaiveSetup {
  readonly issuer: string
  readonly databaseUrl: string
  /** Private signing keys of the issuer. */
  readonly jwks: JWK[]
  readonly clients: Record<string, unknown>[]
}

export const NAIVE_API = 'https://api.example.com'
export const NAIVE_COOKIE_KEY = 'naive cookie key'

export function createNaiveProvider(setup: NaiveSetup): { provider: Provider; pool: pg.Pool } {
  const pool = new pg.Pool({ connectionString: setup.databaseUrl, max: 10 })
  pool.on('error', () => undefined)
  const provider = new Provider(setup.issuer, {
    adapter: createNaiveAdapter(pool),
    clients: setup.clients as never,
    jwks: { keys: setup.jwks },
    cookies: { keys: [NAIVE_COOKIE_KEY] },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => NAIVE_API,
        getResourceServerInfo: () => ({
          scope: 'posts:read',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  })
  return { provider, pool }
}
