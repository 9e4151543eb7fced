/** The registry of grant types. To add one, create a folder next to this file and add its row here. */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { AUTHORIZATION_CODE } from './authorization-code/grant.ts'
import { CIBA } from './ciba/grant.ts'
import { CLIENT_CREDENTIALS } from './client-credentials/grant.ts'
import { DEVICE_CODE } from './device/grant.ts'
import type { Grant } from './grant.ts'
import { REFRESH_TOKEN } from './refresh-token/grant.ts'

export const GRANTS: readonly Grant[] = [AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE, CIBA]

export interface Grants {
  readonly rows: readonly Grant[]
  /** Returns the row for a token request. Undefined for other requests and for unknown grant types. */
  of(ctx: KoaContextWithOIDC): Grant | undefined
}

/** Throws TypeError when two rows have the same grant type or metric label. */
export function createGrants(rows: readonly Grant[]): Grants {
  const byType = new Map(rows.map((row) => [row.grantType, row]))
  for (const name of ['grantType', 'metricLabel'] as const) {
    if (new Set(rows.map((row) => row[name])).size < rows.length)
      throw new TypeError(`two grants have the same ${name}`)
  }
  return {
    rows,
    of(ctx) {
      const { route, params } = ctx.oidc
      return route === 'token' ? byType.get(String(params?.['grant_type'])) : undefined
    },
  }
}

/** Returns every parameter of a token request with this grant, except those of client authentication. */
export function parametersOf({ parameters, scope }: Grant): ReadonlySet<string> {
  return new Set([
    'grant_type',
    'resource',
    'authorization_details',
    ...(scope === 'client' ? ['scope'] : []),
    ...parameters,
  ])
}
