/** The schemas of a signing key in the admin API. They have no private members. */
import { z } from 'zod'
import type { Rewrapping } from '#sealing/master-keys.ts'
import type { SigningKey } from '#signing-keys/signing-key.ts'
import { pageSchema } from '../paging.ts'

const alg = z.enum(['ES256', 'RS256', 'PS256'])

export const rotation = z
  .strictObject({ alg: alg.optional().meta({ description: 'Only keys of this algorithm; all when absent.' }) })
  .meta({ id: 'KeyRotation' })

export const keyDocument = z
  .strictObject({
    kid: z.string(),
    alg,
    status: z.enum(['next', 'current', 'retired', 'archived']).meta({
      description: '`next` and `retired` keys are published; an `archived` key verifies id_token_hint only.',
    }),
    public_jwk: z
      .record(z.string(), z.unknown())
      .meta({ description: 'As published at the jwks_uri (RFC 7517); archived keys are not published.' }),
    created_at: z.iso.datetime(),
    activated_at: z.iso.datetime().nullable(),
    retired_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'SigningKey' })

export const keyPage = pageSchema(keyDocument, 'SigningKeyPage')

/** All keys after a change, without paging since there are few. */
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

export const rewrapping = z
  .strictObject({
    limit: z.int().min(1).max(5000).optional().meta({ description: 'The most values to seal anew; 500 when absent.' }),
  })
  .meta({ id: 'Rewrapping' })

export const rewrapResult = z
  .strictObject({
    key_id: z.string().meta({ description: 'The first master key of the server that answers.' }),
    rewrapped: z.int().meta({ description: 'How many values this call sealed anew under it.' }),
    remaining: z
      .array(
        z.strictObject({
          key_id: z.string(),
          values: z.int().meta({ description: 'How many values only this key opens.' }),
          given: z.boolean().meta({ description: 'Whether the server that answers has the key.' }),
          in_use: z.boolean().meta({ description: 'Whether a server seals under it, or did seconds ago.' }),
        }),
      )
      .meta({ description: 'Every other key that is still needed.' }),
  })
  .meta({ id: 'RewrapResult' })

export function toRewrapResult({ keyId, rewrapped, remaining }: Rewrapping): z.input<typeof rewrapResult> {
  return {
    key_id: keyId,
    rewrapped,
    remaining: remaining.map((needed) => ({
      key_id: needed.keyId,
      values: needed.values,
      given: needed.given,
      in_use: needed.inUse,
    })),
  }
}
