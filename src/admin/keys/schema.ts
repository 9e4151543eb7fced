/** A signing key as the admin API shows it; there is no private part in it. */
import { z } from 'zod'
import type { SigningKey } from '#signing-keys/signing-key.ts'
import { pageSchema } from '../paging.ts'

const alg = z.enum(['ES256', 'RS256'])

export const rotation = z
  .strictObject({ alg: alg.optional().meta({ description: 'Only keys of this algorithm; all when absent.' }) })
  .meta({ id: 'KeyRotation' })

export const keyDocument = z
  .strictObject({
    kid: z.string(),
    alg,
    status: z.enum(['next', 'current', 'retired']),
    public_jwk: z.record(z.string(), z.unknown()).meta({ description: 'As published at the jwks_uri (RFC 7517).' }),
    created_at: z.iso.datetime(),
    activated_at: z.iso.datetime().nullable(),
    retired_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'SigningKey' })

export const keyPage = pageSchema(keyDocument, 'SigningKeyPage')

/** All keys after a change; they are few. */
export const keyList = z
  .strictObject({ items: z.array(keyDocument), next_cursor: z.null() })
  .meta({ id: 'SigningKeyList' })

export function toKeyDocument(key: SigningKey): z.infer<typeof keyDocument> {
  return {
    kid: key.kid,
    alg: key.alg,
    status: key.status,
    public_jwk: { ...key.publicJwk },
    created_at: key.createdAt.toISOString(),
    activated_at: key.activatedAt?.toISOString() ?? null,
    retired_at: key.retiredAt?.toISOString() ?? null,
  }
}
