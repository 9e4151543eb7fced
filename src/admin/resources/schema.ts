/** The schemas of a resource in the admin API. */
import { z } from 'zod'
import type { Resource, ResourceInput } from '#resources/resource.ts'
import { pageSchema } from '../paging.ts'

const scopeName = z.string().meta({ description: 'A scope token (RFC 6749 §3.3).', example: 'posts:read' })
const name = z.string().meta({ description: 'How people read of it; its identifier when absent.', example: 'Posts' })
const openScopes = z.array(scopeName).meta({
  description:
    'The scopes that any client may ask for, after consent: clients that registered themselves, and client documents. Empty: only clients that an administrator has allowed it get tokens.',
})
const accessTokenFormat = z.enum(['jwt', 'opaque']).meta({ description: 'JWT (RFC 9068), or a value to introspect.' })
const accessTokenTyp = z.enum(['at+jwt', 'JWT']).meta({
  description:
    'The header typ of its JWT access tokens. JWT is for APIs that accept nothing else; such an API must itself reject other JWTs of the issuer (RFC 8725 §3.11).',
})
const signingAlg = z.enum(['ES256', 'RS256']).meta({ description: 'The JWS algorithm of its access tokens.' })
const ttl = z.int().nullable().meta({ description: "Seconds an access token lives; null: the server's default." })

const detailsTypes = z
  .array(
    z.strictObject({
      type: z.string().meta({ description: 'The value of type.', example: 'payment_initiation' }),
      name: z.string().meta({ description: 'What it allows, in words.', example: 'Make a payment' }),
      schema: z.record(z.string(), z.unknown()).meta({
        description: 'JSON Schema (2020-12) of one object, with its type; titles are what people read.',
      }),
    }),
  )
  .meta({ description: 'The authorization details (RFC 9396) that may be asked for it.' })

const givenScope = z
  .union([scopeName, z.strictObject({ name: scopeName, description: z.string().nullable().optional() })])
  .meta({ description: 'A name, or a name and what it allows in words.' })

const changeable = {
  name: name.optional(),
  scopes: z.array(givenScope).optional(),
  open_scopes: openScopes.optional(),
  access_token_format: accessTokenFormat.optional(),
  access_token_typ: accessTokenTyp.optional(),
  signing_alg: signingAlg.optional(),
  authorization_details_types: detailsTypes.optional(),
  access_token_ttl_seconds: ttl.optional(),
}

const identifier = z.string().meta({
  description: 'An absolute URI without fragment (RFC 8707 §2).',
  example: 'https://api.example.com',
})

export const newResource = z.strictObject({ resource: identifier, ...changeable }).meta({ id: 'NewResource' })

/** Members that a change may repeat but not change. Any value of `updated_at` is ignored. */
export const RESOURCE_READ_ONLY = ['created_at']

export const resourceChange = z
  .strictObject({
    resource: identifier.optional(),
    ...changeable,
    created_at: z.unknown().optional().meta({ readOnly: true }),
    updated_at: z.unknown().optional().meta({ readOnly: true }),
  })
  .meta({ id: 'ResourceChange', description: 'The members given are replaced.' })

export const resourceDocument = z
  .strictObject({
    resource: identifier,
    name,
    scopes: z.array(z.strictObject({ name: scopeName, description: z.string().nullable() })),
    open_scopes: openScopes,
    access_token_format: accessTokenFormat,
    access_token_typ: accessTokenTyp,
    signing_alg: signingAlg,
    authorization_details_types: detailsTypes,
    access_token_ttl_seconds: ttl,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Resource' })

export const resourcePage = pageSchema(resourceDocument, 'ResourcePage')

export function toResourceDocument(resource: Resource): z.infer<typeof resourceDocument> {
  return {
    resource: resource.identifier,
    name: resource.name,
    scopes: resource.scopes.map((scope) => ({ name: scope.name, description: scope.description ?? null })),
    open_scopes: [...resource.openScopes],
    access_token_format: resource.accessTokenFormat,
    access_token_typ: resource.accessTokenTyp,
    signing_alg: resource.signingAlg,
    authorization_details_types: resource.detailsTypes.map((details) => ({
      ...details,
      schema: { ...details.schema },
    })),
    access_token_ttl_seconds: resource.accessTokenTtlSeconds ?? null,
    created_at: resource.createdAt.toISOString(),
    updated_at: resource.updatedAt.toISOString(),
  }
}

const MEMBERS = {
  resource: 'identifier',
  name: 'name',
  scopes: 'scopes',
  open_scopes: 'openScopes',
  access_token_format: 'accessTokenFormat',
  access_token_typ: 'accessTokenTyp',
  signing_alg: 'signingAlg',
  authorization_details_types: 'detailsTypes',
  access_token_ttl_seconds: 'accessTokenTtlSeconds',
} as const satisfies Record<string, keyof ResourceInput>

/** Returns the room's input for a document. Members that are not given stay absent. */
export function toResourceInput(document: Readonly<Record<string, unknown>>): Partial<ResourceInput> {
  const given = Object.entries(MEMBERS).filter(([member]) => document[member] !== undefined)
  return Object.fromEntries(given.map(([member, field]) => [field, document[member]]))
}
