/** The schemas of a client key in the admin API. */
import { z } from 'zod'
import type { ClientKey, ClientKeyReport } from '#clients/managed-keys.ts'
import { pageSchema } from '../paging.ts'

const moment = z.iso.datetime()

/** A JWK (RFC 7517 §4). The clients room checks its members. */
export const publicKey = z.looseObject({}).meta({
  id: 'PublicJwk',
  description: 'A public key (RFC 7517).',
  override: { type: 'object', required: ['kty'], properties: { kty: { type: 'string' }, kid: { type: 'string' } } },
})

export const clientKey = z
  .strictObject({
    thumbprint: z.string().meta({ description: 'RFC 7638, SHA-256: names the key whatever its kid says.' }),
    kid: z.string().nullable(),
    kind: z.string().meta({ description: 'Such as `EC P-256`.' }),
    alg: z.string().nullable(),
    status: z.enum(['active', 'revoked', 'gone']).meta({
      description: 'gone: the client does not show it any more, but nobody revoked it.',
    }),
    first_seen_at: moment.nullable(),
    last_used_at: moment.nullable().meta({ description: 'To the minute; null when it was never used.' }),
    revoked_at: moment.nullable(),
    jwk: publicKey.nullable().meta({ description: 'The key as the client shows it now.' }),
  })
  .meta({ id: 'ClientKey' })

const fetchState = z
  .strictObject({
    jwks_uri: z.string(),
    fetched_at: moment.nullable().meta({ description: 'When it was last asked for what it shows.' }),
    attempted_at: moment,
    error: z.string().nullable().meta({ description: 'Why the last attempt brought nothing.' }),
    ignored: z.int().meta({ description: 'Number of keys beyond the first 50 of the document, which are not used.' }),
  })
  .meta({ id: 'ClientKeyDocument' })

const document = fetchState
  .nullable()
  .meta({ description: 'The last fetch, for a client with a jwks_uri; null before the first one.' })

export const clientKeyPage = pageSchema(clientKey, 'ClientKeyPage').extend({ document }).meta({ id: 'ClientKeyPage' })

export function toClientKeyDocument(key: ClientKey): z.infer<typeof clientKey> {
  const { thumbprint, kid, kind, alg, status, firstSeenAt, lastUsedAt, revokedAt, jwk } = key
  return {
    thumbprint,
    kid,
    kind,
    alg,
    status,
    first_seen_at: firstSeenAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
    revoked_at: revokedAt?.toISOString() ?? null,
    jwk,
  }
}

export function toFetchState({ document: state }: ClientKeyReport): z.infer<typeof fetchState> | null {
  return state
    ? {
        jwks_uri: state.uri,
        fetched_at: state.fetchedAt?.toISOString() ?? null,
        attempted_at: state.attemptedAt.toISOString(),
        error: state.error,
        ignored: state.ignored,
      }
    : null
}
