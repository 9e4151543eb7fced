/** The schemas of a client in the admin API: its RFC 7591 document, whose values the clients room checks. */
import { z } from 'zod'
import type { ClientSecret } from '#clients/client.ts'
import { MEMBERS } from '#clients/members/registry.ts'
import { PROFILES } from '#clients/profiles.ts'
import { PAGE_QUERY, pageSchema } from '../paging.ts'

type Shape = Readonly<Record<string, unknown>>

/** Returns the schema of a member. The room checks the value; the schema only describes it. */
function member(override: Shape, description?: string) {
  return z.unknown().meta({ override: { ...override, ...(description === undefined ? {} : { description }) } })
}

const allowance: Shape = {
  type: 'object',
  required: ['resource', 'scopes'],
  properties: {
    resource: { type: 'string', format: 'uri' },
    scopes: { type: 'array', items: { type: 'string' } },
  },
}

const MEMBER_SCHEMAS = {
  ...Object.fromEntries(MEMBERS.map(({ name, schema, meaning }) => [name, member(schema, meaning)])),
  signet_allow: member({ type: 'array', items: allowance }, 'Which scopes of which resources it may have.'),
  signet_default_resource: member({ type: ['string', 'null'] }, 'Meant when a request names no resource.'),
}

const profile: Shape = { type: 'string', enum: Object.keys(PROFILES) }
const optional = Object.fromEntries(Object.entries(MEMBER_SCHEMAS).map(([name, schema]) => [name, schema.optional()]))

const chosenId = member(
  { type: 'string', maxLength: 64 },
  'The id to keep for a client that you migrate from another server; generated when absent.',
)

export const newClient = z
  .looseObject({ client_id: chosenId.optional(), signet_profile: member(profile).optional(), ...optional })
  .meta({
    id: 'NewClient',
    description: 'RFC 7591 members; signet_profile fixes what is safe for this kind of client.',
    override: ({ jsonSchema }: { jsonSchema: Record<string, unknown> }) =>
      void (jsonSchema.required = ['signet_profile']),
  })

export const clientChange = z.looseObject({ signet_profile: member(profile).optional(), ...optional }).meta({
  id: 'ClientChange',
  description: 'The members given are replaced; null takes one away, so that the default of the profile stands again.',
})

const origin = z.enum(['administrator', 'registration', 'document'])

export const clientQuery = z.strictObject({
  ...PAGE_QUERY,
  origin: origin.optional().meta({ description: 'Only clients of this origin.' }),
})

const issued = {
  client_id: z.string(),
  client_id_issued_at: z.int().meta({ description: 'Seconds since 1970.' }),
  signet_profile: member(profile),
  signet_status: z.enum(['enabled', 'disabled']),
  signet_client_origin: origin.meta({
    description: 'Who made it: an administrator, the client itself, or its client metadata document.',
  }),
}

export const clientDocument = z.looseObject({ ...issued, ...optional }).meta({ id: 'Client' })

export const createdClient = z
  .looseObject({
    ...issued,
    ...optional,
    client_secret: z.string().optional().meta({ description: 'Told this once.' }),
    client_secret_expires_at: z.int().optional().meta({ description: '0: never (RFC 7591 §3.2.1).' }),
  })
  .meta({ id: 'CreatedClient' })

export const clientPage = pageSchema(clientDocument, 'ClientPage')

export const allowanceChange = z
  .strictObject({ scopes: z.array(z.string()).meta({ description: 'All scopes it may have for this resource.' }) })
  .meta({ id: 'AllowanceChange' })

const secretMembers = { id: z.string(), created_at: z.iso.datetime(), expires_at: z.iso.datetime().nullable() }

export const secretDocument = z.strictObject(secretMembers).meta({ id: 'ClientSecret' })

export const createdSecret = z
  .strictObject({ ...secretMembers, client_secret: z.string().meta({ description: 'Told this once.' }) })
  .meta({ id: 'CreatedClientSecret' })

export const secretPage = pageSchema(secretDocument, 'ClientSecretPage')

export function toSecretDocument(secret: ClientSecret): z.infer<typeof secretDocument> {
  return {
    id: secret.id,
    created_at: secret.createdAt.toISOString(),
    expires_at: secret.expiresAt?.toISOString() ?? null,
  }
}
