/** The schemas of a person's browser session in the admin API. */
import { z } from 'zod'
import type { AccountSession } from '#oidc/sessions/account-access.ts'
import type { ClientNames } from '../client-names.ts'
import { pageSchema } from '../paging.ts'

export const sessionDocument = z
  .strictObject({
    id: z.string(),
    created_at: z.iso.datetime(),
    signed_in_at: z.iso.datetime().nullable(),
    expires_at: z.iso.datetime(),
    client_ids: z.array(z.string()).meta({ description: 'The clients that were signed in to by it.' }),
    client_names: z
      .record(z.string(), z.string())
      .meta({ description: 'Names of these clients by id, for those that have one.' }),
  })
  .meta({ id: 'Session' })

export const sessionPage = pageSchema(sessionDocument, 'SessionPage')

export function toSessionDocument(session: AccountSession, names: ClientNames): z.infer<typeof sessionDocument> {
  return {
    id: session.uid,
    created_at: session.createdAt.toISOString(),
    signed_in_at: session.signedInAt?.toISOString() ?? null,
    expires_at: session.expiresAt.toISOString(),
    client_ids: [...session.clientIds],
    client_names: Object.fromEntries([...names].filter(([id]) => session.clientIds.includes(id))),
  }
}
