/** The schemas of an initial access token in the admin API. */
import { z } from 'zod'
import type { InitialAccessToken } from '#clients/registration/registration.ts'
import { PROFILES } from '#clients/profiles.ts'
import { isDisplayText } from '#shared/display-text.ts'
import { pageSchema } from '../paging.ts'

const DAY = 86_400
const profiles = Object.keys(PROFILES)

const name = z.string().meta({ description: 'What or whom it is for.', example: 'Partner portal' })
const policy = {
  profiles: z.array(z.string()).meta({
    description: `The kinds of clients that may register, of ${profiles.join(', ')}; the kind follows from what a client registers.`,
  }),
  scopes: z.array(z.string()).meta({ description: 'The OpenID scopes that the clients may ask for.' }),
  allow: z
    .array(z.strictObject({ resource: z.string(), scopes: z.array(z.string()) }))
    .meta({ description: 'What the clients may ask for besides the open scopes of resources.' }),
}
const pkce = z.enum(['required', 'optional']).meta({
  description:
    'Whether authorization requests of the clients must have PKCE; `optional` is for confidential web clients whose library does not send it.',
})
const audience = z.enum(['issuer', 'token_endpoint']).meta({
  description:
    'What client assertions may name as `aud` where a client does not choose; `token_endpoint` is for libraries that send its URL.',
})
const redirectHosts = z.array(z.string()).meta({
  description:
    'The hosts of redirect URIs: `app.example.com`, `*.example.com` for those below it, `localhost`, or `com.example.app:` for a private-use scheme.',
})

export const newRegistrationToken = z
  .strictObject({
    name: name.refine((text) => text.length <= 200 && isDisplayText(text), 'a text of 1 to 200 characters').optional(),
    profiles: policy.profiles.max(profiles.length).optional(),
    scopes: policy.scopes.max(20).optional(),
    allow: policy.allow.max(100).optional(),
    redirect_hosts: redirectHosts.max(100).nullable().optional(),
    pkce: pkce.optional(),
    assertion_audience: audience.optional(),
    max_uses: z.int().min(1).max(1_000_000).nullable().default(1).meta({
      description: 'How many clients may register with it; null: no limit.',
    }),
    lifetime_seconds: z
      .int()
      .min(60)
      .max(365 * DAY)
      .default(7 * DAY)
      .meta({ description: 'How long it is valid.' }),
  })
  .meta({ id: 'NewRegistrationToken', description: 'Members that are left out set no limit.' })

const members = {
  id: z.string(),
  name: name.nullable(),
  ...policy,
  redirect_hosts: redirectHosts.nullable(),
  pkce,
  assertion_audience: audience,
  max_uses: z.int().nullable(),
  uses: z.int().meta({ description: 'How many clients have registered with it.' }),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
}

export const registrationToken = z.strictObject(members).meta({ id: 'RegistrationToken' })

export const createdRegistrationToken = z
  .strictObject({ ...members, token: z.string().meta({ description: 'Told this once.' }) })
  .meta({ id: 'CreatedRegistrationToken' })

export const registrationTokenPage = pageSchema(registrationToken, 'RegistrationTokenPage')

export function toTokenDocument(token: InitialAccessToken): z.infer<typeof registrationToken> {
  const { profiles: kinds, scopes, allow, redirect_hosts: hosts } = token.policy
  return {
    id: token.id,
    name: token.name ?? null,
    profiles: [...kinds],
    scopes: [...scopes],
    allow: allow.map((one) => ({ resource: one.resource, scopes: [...one.scopes] })),
    redirect_hosts: hosts && [...hosts],
    pkce: token.policy.pkce ?? 'required',
    assertion_audience: token.policy.assertion_audience ?? 'issuer',
    max_uses: token.maxUses ?? null,
    uses: token.uses,
    created_at: token.createdAt.toISOString(),
    expires_at: token.expiresAt.toISOString(),
  }
}
