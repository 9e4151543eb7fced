/** The scopes of the admin API, each with a description. */
import type { Resource } from '#resources/resource.ts'

export const ADMIN_SCOPES: Readonly<Record<string, string>> = {
  'clients:read': 'See clients',
  'clients:write': 'Register, change and delete clients',
  'resources:read': 'See resources',
  'resources:write': 'Register, change and delete resources',
  'accounts:read': 'See accounts',
  'accounts:write': 'Make, change and delete accounts',
  'accounts:email:write': 'Change the e-mail addresses of accounts',
  'sessions:read': 'See the browser sessions of people',
  'sessions:write': 'End the browser sessions of people',
  'grants:read': 'See what people allowed',
  'grants:write': 'Withdraw what people allowed',
  'keys:read': 'See signing keys',
  'keys:write': 'Rotate, retire and revoke signing keys',
  'settings:read': 'See settings',
  'settings:write': 'Change settings',
  'audit:read': 'See the audit log',
}

/** The path of the admin API, below the issuer. */
export const ADMIN_API_PATH = '/admin/v1'

/** Returns the identifier of the admin API as a protected resource. */
export function adminResourceOf(issuer: string): string {
  return issuer + ADMIN_API_PATH
}

/** Returns the admin API as a resource, which exists without being registered. */
export function builtInAdminResource(issuer: string): Resource {
  const since = new Date(0)
  return {
    identifier: adminResourceOf(issuer),
    name: 'Signet administration',
    scopes: Object.entries(ADMIN_SCOPES).map(([name, description]) => ({ name, description })),
    openScopes: [],
    accessTokenFormat: 'jwt',
    accessTokenTyp: 'at+jwt',
    detailsTypes: [],
    signingAlg: 'ES256',
    accessTokenTtlSeconds: undefined,
    version: 1,
    createdAt: since,
    updatedAt: since,
  }
}

/** Returns the scope of the admin API that registering and changing clients needs. */
export function administrationOf(issuer: string) {
  return { resource: adminResourceOf(issuer), scope: 'clients:write' } as const
}
