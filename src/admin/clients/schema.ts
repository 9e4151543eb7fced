/** A client as the admin API shows and takes it: its RFC 7591 document, whose values the clients room judges. */
import { z } from 'zod'
import type { ClientSecret } from '#clients/client.ts'
import { pageSchema } from '../paging.ts'

type Shape = Record<string, unknown>

/** A member that the room judges; the document tells what it is. */
function member(override: Shape, description?: string) {
  return z.unknown().meta({ override: { ...override, ...(description === undefined ? {} : { description }) } })
}

const text: Shape = { type: 'string' }
const url: Shape = { type: 'string', format: 'uri' }
const texts: Shape = { type: 'array', items: { type: 'string' } }
const urls: Shape = { type: 'array', items: url }
const flag: Shape = { type: 'boolean' }
const choice = (...values: string[]): Shape => ({ type: 'string', enum: values })

const allowance: Shape = {
  type: 'object',
  required: ['resource', 'scopes'],
  properties: { resource: url, scopes: texts },
}

/** RFC 7591 §2 and ours. What is not listed here is judged by the room all the same. */
const MEMBERS = {
  client_name: member(text, 'What people read on the consent page.'),
  client_uri: member(url),
  logo_uri: member(url),
  policy_uri: member(url),
  tos_uri: member(url),
  contacts: member(texts),
  redirect_uris: member(urls, 'Compared exactly.'),
  post_logout_redirect_uris: member(urls),
  grant_types: member(texts),
  response_types: member(texts),
  token_endpoint_auth_method: member(text, 'How it authenticates; the profile has a default.'),
  token_endpoint_auth_signing_alg: member(text),
  jwks: member({ type: 'object' }, 'Its public keys (RFC 7517).'),
  jwks_uri: member(url),
  scope: member(text, 'OpenID scopes, separated by spaces; those of an API stand in signet_allow.'),
  id_token_signed_response_alg: member(text),
  signet_allow: member({ type: 'array', items: allowance }, 'Which scopes of which resources it may have.'),
  signet_default_resource: member({ type: ['string', 'null'] }, 'Meant when a request names no resource.'),
  signet_pkce: member(choice('required', 'optional')),
  signet_assertion_audience: member(choice('issuer', 'token_endpoint')),
  signet_introspect: member(flag, 'Whether it is told about tokens issued to others.'),
  signet_verified: member(flag, 'false: people are told at consent that nobody has checked who is behind it.'),
  signet_origins: member(urls, 'From where a browser app calls the token endpoint.'),
}

const profile = choice('web', 'spa', 'native', 'machine', 'device', 'fapi2')
const optional = Object.fromEntries(Object.entries(MEMBERS).map(([name, schema]) => [name, schema.optional()]))

export const newClient = z.looseObject({ signet_profile: member(profile).optional(), ...optional }).meta({
  id: 'NewClient',
  description: 'RFC 7591 members; signet_profile fixes what is safe for this kind of client.',
  override: ({ jsonSchema }: { jsonSchema: Shape }) => void (jsonSchema.required = ['signet_profile']),
})

export const clientChange = z.looseObject({ signet_profile: member(profile).optional(), ...optional }).meta({
  id: 'ClientChange',
  description: 'The members given are replaced; null takes one away, so that the default of the profile stands again.',
})

const issued = {
  client_id: z.string(),
  client_id_issued_at: z.int().meta({ description: 'Seconds since 1970.' }),
  signet_profile: member(profile),
  signet_status: z.enum(['enabled', 'disabled']),
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
