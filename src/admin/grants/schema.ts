/** The schemas of what a person allowed a client, in the admin API. */
import { z } from 'zod'
import type { AccountConsent } from '#oidc/sessions/account-access.ts'
import type { ClientNames } from '../client-names.ts'
import { pageSchema } from '../paging.ts'

export const grantDocument = z
  .strictObject({
    client_id: z.string(),
    client_name: z.string().nullable(),
    scope: z.string().meta({ description: 'OpenID scopes, separated by spaces.' }),
    resources: z.array(z.strictObject({ resource: z.string(), scopes: z.array(z.string()) })),
    granted_at: z.iso.datetime(),
  })
  .meta({ id: 'Grant' })

export const grantPage = pageSchema(grantDocument, 'GrantPage')

export function toGrantDocument(consent: AccountConsent, names: ClientNames): z.infer<typeof grantDocument> {
  return {
    client_id: consent.clientId,
    client_name: names.get(consent.clientId) ?? null,
    scope: consent.openidScopes.join(' '),
    resources: Object.entries(consent.resourceScopes).map(([resource, scopes]) => ({ resource, scopes: [...scopes] })),
    granted_at: consent.grantedAt.toISOString(),
  }
}
