/** The schemas of an upstream provider in the admin API. */
import { z } from 'zod'
import { PRESET_NAMES } from '#federation/presets/registry.ts'
import { AUTH_METHODS, RESPONSE_MODES, type Upstream, type UpstreamInput } from '#federation/upstream.ts'
import { MEMBERS } from '#federation/validation.ts'
import { pageSchema } from '../paging.ts'

const id = z.string().meta({ description: 'A short name of its own; never changes.', example: 'google' })
const preset = z.enum(PRESET_NAMES).nullable().meta({
  description:
    'A provider that is known here: its issuer, scopes, authentication and claims need not be given. Null for any other OpenID provider; never changes.',
  example: 'google',
})
const presetValues = z.record(z.string(), z.string()).meta({
  description:
    'What the preset needs besides client id and secret: `tenant` (microsoft), `team_id` and `key_id` (apple), `base_url` (github, gitlab, okta, keycloak), `realm` (keycloak). A change keeps those that it does not name.',
  example: { base_url: 'https://sso.example.com', realm: 'staff' },
})
const issuer = z.string().meta({
  description: 'Its issuer identifier, as its discovery document has it; never changes. A preset has its own.',
  example: 'https://accounts.google.com',
})
const name = z.string().meta({ description: 'As people know it; its id when absent.', example: 'Google' })
const clientId = z.string().meta({ description: 'Our client id there.' })
const authMethod = z.enum([...AUTH_METHODS, 'signed_client_secret']).meta({
  description:
    'How we authenticate there; `private_key_jwt` when absent, and as the preset says with one. `signed_client_secret` is a JWT that is signed for each request; only for the preset `apple`.',
})
const clientSecret = z.string().meta({ description: 'The secret it gave us. It is taken and never given out.' })
const privateKey = z.string().meta({
  description:
    'The key for `signed_client_secret`: EC on P-256, in PEM, as Apple gives it. It is taken and never given out.',
})
const scopes = z
  .array(z.string())
  .meta({ description: 'What is asked there, `openid` among it except with the preset `github`.' })
const claims = z.record(z.string(), z.string()).meta({
  description: 'For each claim of ours that of the provider. What is not named is not taken.',
  example: { email: 'email', email_verified: 'email_verified', name: 'name' },
})
const domains = z.array(z.string()).meta({
  description: 'Whoever has an address of these domains is led there.',
  example: ['example.com'],
})
const trustEmail = z.boolean().meta({
  description:
    'Whether an address counts as verified when the provider sends no `email_verified`. Only for providers whose users cannot choose their address; refused for the shared issuers of Entra ID (common, organizations, consumers).',
})
const responseMode = z
  .enum(RESPONSE_MODES)
  .meta({ description: 'How the provider sends its response; `query` when absent.' })
const ownRedirect = z.boolean().meta({
  description:
    'Whether it has a redirect URI of its own (RFC 9700 §4.4); true when absent. Sharing one is safe only for providers that send `iss` (RFC 9207).',
})
const justInTime = z.boolean().meta({
  description: 'Whether people who were never here get an account, by an address that the provider has verified.',
})
const logout = z.boolean().meta({ description: 'Whether a sign-out here leads on to one there.' })
const enabled = z.boolean().meta({ description: 'A provider that is disabled signs nobody in.' })

const changeable = {
  name: name.optional(),
  token_endpoint_auth_method: authMethod.optional(),
  preset: preset.optional(),
  preset_values: presetValues.optional(),
  client_secret: clientSecret.optional(),
  private_key: privateKey.optional(),
  scopes: scopes.optional(),
  claims: claims.optional(),
  domains: domains.optional(),
  trust_email: trustEmail.optional(),
  response_mode: responseMode.optional(),
  own_redirect_uri: ownRedirect.optional(),
  just_in_time: justInTime.optional(),
  logout: logout.optional(),
  enabled: enabled.optional(),
}

export const newUpstream = z
  .strictObject({ id, issuer: issuer.optional(), client_id: clientId, ...changeable })
  .meta({ id: 'NewUpstream' })

/** Members that a change may repeat but not change. Any value of `updated_at` is ignored. */
export const UPSTREAM_READ_ONLY = ['redirect_uri', 'post_logout_redirect_uri', 'jwks', 'created_at']

const readOnly = z.unknown().optional().meta({ readOnly: true })

export const upstreamChange = z
  .strictObject({
    id: id.optional(),
    issuer: issuer.optional(),
    client_id: clientId.optional(),
    ...changeable,
    redirect_uri: readOnly,
    post_logout_redirect_uri: readOnly,
    jwks: readOnly,
    created_at: readOnly,
    updated_at: readOnly,
  })
  .meta({ id: 'UpstreamChange', description: 'The members given are replaced.' })

export const upstreamDocument = z
  .strictObject({
    id,
    name,
    preset,
    preset_values: presetValues,
    issuer,
    client_id: clientId,
    token_endpoint_auth_method: authMethod,
    jwks: z
      .strictObject({ keys: z.array(z.record(z.string(), z.unknown())) })
      .nullable()
      .meta({ description: 'Our public key for `private_key_jwt`, to be registered there; null with a secret.' }),
    redirect_uri: z.string().meta({ description: 'To be registered there.' }),
    post_logout_redirect_uri: z.string().meta({ description: 'To be registered there where `logout` is set.' }),
    scopes,
    claims,
    domains,
    trust_email: trustEmail,
    response_mode: responseMode,
    own_redirect_uri: ownRedirect,
    just_in_time: justInTime,
    logout,
    enabled,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Upstream' })

export const upstreamPage = pageSchema(upstreamDocument, 'UpstreamPage')

/** The URIs to which a provider sends people back. */
export interface ReturnUris {
  readonly redirect_uri: string
  readonly post_logout_redirect_uri: string
}

export function toUpstreamDocument(upstream: Upstream, uris: ReturnUris): z.infer<typeof upstreamDocument> {
  const { publicJwk } = upstream
  return {
    id: upstream.id,
    name: upstream.name,
    preset: (upstream.preset ?? null) as (typeof PRESET_NAMES)[number] | null,
    preset_values: { ...upstream.presetValues },
    issuer: upstream.issuer,
    client_id: upstream.clientId,
    token_endpoint_auth_method: upstream.authMethod,
    jwks: publicJwk === undefined ? null : { keys: [{ ...publicJwk }] },
    ...uris,
    scopes: [...upstream.scopes],
    claims: { ...upstream.claims },
    domains: [...upstream.domains],
    trust_email: upstream.trustEmail,
    response_mode: upstream.responseMode,
    own_redirect_uri: upstream.ownRedirect,
    just_in_time: upstream.justInTime,
    logout: upstream.logout,
    enabled: upstream.enabled,
    created_at: upstream.createdAt.toISOString(),
    updated_at: upstream.updatedAt.toISOString(),
  }
}

/** Returns the room's input for a document. Members that are not given stay absent. */
export function toUpstreamInput(document: Readonly<Record<string, unknown>>): Partial<UpstreamInput> {
  const given = Object.entries(MEMBERS).filter(([, member]) => document[member] !== undefined)
  return Object.fromEntries(given.map(([field, member]) => [field, document[member]]))
}
