/**
 * The catalogue of audit events: the meaning of each and the fields of its detail. The types of recorded events and the
 * list in docs/reference.md come from it.
 */
import { z } from 'zod'

/** Builders for the fields of a detail. An optional field that is left out is stored as null or not at all. */
const text = (meaning: string) => z.string().meta({ description: meaning })
const texts = (meaning: string) => z.array(z.string()).readonly().meta({ description: meaning })
const count = (meaning: string) => z.int().meta({ description: meaning })

function event<Fields extends z.ZodRawShape>(meaning: string, fields: Fields) {
  return { meaning, detail: z.strictObject(fields) }
}

const changed = texts('Names of the members that the change gave.')
const version = count('Version after the change.')
const name = text('Display name, as it was.').optional()
const upstream = text('Id of the upstream provider.')

const PROOF = {
  method: text('Sign-in method.'),
  upstream: upstream.optional(),
  upstream_amr: texts('`amr` that the upstream provider sent, at most ten values.').optional(),
}
const FACTOR = { method: text('Sign-in method.'), name: text('Name that the person gave it.').optional() }
const DELIVERY = { attempts: count('Number of attempts.') }
const EMAIL_CODE = { purpose: text('What the code or link is for.') }
const claimedClientId = text('Client id that the request claims, where there is no such client.').optional()
const ENDPOINT = {
  endpoint: text('Name of the endpoint.').optional(),
  claimed_client_id: claimedClientId,
  unregistered_uri: text('Redirect URI of the request that is not registered.').optional(),
}
const grantType = text('`grant_type` of the request.').optional()
const grantParameters = z
  .record(z.string(), z.string())
  .readonly()
  .optional()
  .meta({ description: 'Parameters that the grant has recorded, up to 200 characters each.' })
const TOKEN_REFUSAL = {
  grant_type: grantType,
  parameters: grantParameters,
  error: text('OAuth error code of the answer.'),
  claimed_client_id: claimedClientId,
}
const SECRET = { secret_id: text('Id of the secret.') }
const alg = text('Signing algorithm.')
const keyStatus = z.enum(['next', 'current', 'retired', 'archived'])

const ALLOWED = {
  openid_scopes: texts('OpenID scopes that were allowed.'),
  resource_scopes: z
    .record(z.string(), z.array(z.string()).readonly())
    .readonly()
    .meta({ description: 'Scopes that were allowed, by resource identifier.' }),
  authorization_details_types: texts('Types of the authorization details that were allowed.').optional(),
}
const REQUESTED = {
  scope: text('Scopes of the request, separated by spaces.'),
  resource: texts('Identifiers of the resources that it is for.').optional(),
}

export const AUDIT_EVENTS = {
  'sign_in.succeeded': event('A person proved who they are.', PROOF),
  'sign_in.failed': event('A proof was refused.', PROOF),
  'password.changed': event('A person changed their password.', {}),
  'password.reset': event('A person set a new password after another proof.', {}),
  'factor.added': event('A sign-in method was set up.', FACTOR),
  'factor.renamed': event('A sign-in method was renamed.', FACTOR),
  'factor.removed': event('A sign-in method was removed.', FACTOR),
  'lost_factor.requested': event('A person asked to replace a lost sign-in method; the waiting time began.', {}),
  'lost_factor.confirmed': event('A person confirmed, after the wait, that a sign-in method is lost.', {}),
  'lost_factor.cancelled': event('A request to replace a lost sign-in method ended.', {}),
  'factor.locked': event('A second factor was locked after too many wrong codes in a row.', FACTOR),
  'factor.unlocked': event('An administrator unlocked the second factors of an account.', {}),
  'email_code.requested': event('A code and a link by mail were requested.', EMAIL_CODE),
  'email_code.accepted': event('A code or link from a mail was used.', EMAIL_CODE),
  'email_code.refused': event('A code or link from a mail was refused.', EMAIL_CODE),
  'invitation.sent': event('The owner of an account was invited by mail.', {}),
  'session.ended': event('A browser session ended.', {}),
  'session.others_ended': event('A person signed out everywhere but in one browser.', {
    sessions: count('Number of sessions that ended.'),
  }),
  'backchannel_logout.delivered': event('A client took the logout token of a session that ended.', DELIVERY),
  'backchannel_logout.failed': event(
    'A client took no logout token of a session that ended; it is given up.',
    DELIVERY,
  ),
  'account_page.refused': event("A form of a person's own page was refused.", {}),
  'consent.granted': event('A person allowed a client some scopes.', ALLOWED),
  'consent.denied': event('A person refused a client.', {}),
  'consent.withdrawn': event('A consent was withdrawn, and the tokens issued from it.', {}),
  'authorization.refused': event('An authorization request was refused.', ENDPOINT),
  'refusals.counted': event('Further events of one type in a minute that anyone can cause, which were only counted.', {
    refused: text('Type of the events.'),
    count: count('Number of events that were not recorded in full.'),
    since: text('Time of the first event of the minute.'),
  }),
  'endpoint.refused': event('A request to another protocol endpoint was refused.', ENDPOINT),
  'device.requested': event('A device asked for a user code.', REQUESTED),
  'device.refused': event('A user code of a device was refused.', {}),
  'device.approved': event('A person connected a device to their account.', {}),
  'device.denied': event('A person refused to connect a device.', {}),
  'ciba.requested': event('A client asked a person to approve something (CIBA).', REQUESTED),
  'ciba.approved': event('A person approved the request of a client (CIBA).', ALLOWED),
  'ciba.denied': event('A person refused the request of a client (CIBA).', {}),
  'ciba.notified': event('A client took the notification that a person has answered (CIBA).', DELIVERY),
  'ciba.notification_failed': event(
    'A client took no notification that a person has answered (CIBA); it is given up.',
    DELIVERY,
  ),
  'token.issued': event('Tokens were issued.', {
    grant_type: grantType,
    parameters: grantParameters,
    resource: z
      .union([z.string(), z.array(z.string()).readonly()])
      .optional()
      .meta({ description: 'Identifier of the resource that the access token is for.' }),
    scope: text('Scopes of the access token, separated by spaces.').optional(),
    authorization_details_types: texts('Types of the authorization details of the access token.').optional(),
    access_token_id: text('`jti` of a JWT access token.').optional(),
    with_refresh_token: z.boolean().meta({ description: 'Whether a refresh token was issued too.' }),
  }),
  'token.refused': event('A token request was refused.', TOKEN_REFUSAL),
  'token.revoked': event('A token was revoked.', { kind: text('Kind of the token.') }),
  'token.reused': event('A spent code or refresh token was presented again; its grant ended.', TOKEN_REFUSAL),
  'client.created': event('A client was registered.', {
    profile: text('Profile of the client.'),
    method: text('Client authentication method.'),
    origin: text('Who registered it: administrator, registration or document.').optional(),
    initial_access_token: text('Id of the initial access token that it registered with.').optional(),
  }),
  'client.updated': event('A client was changed.', { changed }),
  'client.enabled': event('A client was enabled.', {}),
  'client.disabled': event('A client was disabled.', {}),
  'client.document_changed': event('A client document was fetched that says something else than before.', {
    changed: texts('Names of the members that changed.'),
    consent_asked_anew: z
      .boolean()
      .meta({ description: 'Whether name, redirect URIs or keys changed, so that people are asked again.' }),
  }),
  'client.document_refetched': event('An administrator had a client document fetched.', {}),
  'client.deleted': event('A client was deleted.', { profile: text('Profile of the client.'), name }),
  'client.unblocked': event('An app of which the client was deleted was let in again.', {}),
  'client.collected': event('A client that had registered itself was removed, because nobody used it.', {
    profile: text('Profile of the client.'),
    name,
  }),
  'client.secret_added': event('A client was given another secret.', SECRET),
  'client.secret_revoked': event('A client secret was revoked.', SECRET),
  'client.key_added': event('A client was given another key.', {
    thumbprint: text('SHA-256 thumbprint of the key (RFC 7638).'),
    kid: text('`kid` of the key.').optional(),
  }),
  'client.key_revoked': event('A key of a client was revoked.', {
    keys: z
      .array(z.strictObject({ thumbprint: z.string(), kid: z.string().nullable() }))
      .readonly()
      .meta({ description: 'The keys that were revoked, each with `thumbprint` and `kid`.' }),
  }),
  'client.keys_changed': event('The keys that a client publishes changed.', {
    added: texts('Thumbprints of the keys that are new.'),
    removed: texts('Thumbprints of the keys that are gone.'),
    ignored: count('Number of keys beyond the first 50, which are not used.').optional(),
  }),
  'client.keys_refetched': event('An administrator had the keys that a client publishes fetched.', {}),
  'initial_access_token.created': event('A token with which clients register themselves was issued.', {
    max_uses: count('How many clients can register with it.').optional(),
    expires_at: text('Time until which it is valid.'),
  }),
  'initial_access_token.revoked': event('A token with which clients register themselves was revoked.', { name }),
  'resource.created': event('A resource was registered.', {}),
  'resource.updated': event('A resource was changed.', { changed, version }),
  'resource.deleted': event('A resource was deleted.', { name }),
  'account.created': event('An account was created.', {}),
  'account.updated': event('An account was changed.', { changed, version }),
  'account.enabled': event('An account was enabled.', {}),
  'account.disabled': event('An account was disabled.', {}),
  'account.deleted': event('An account was deleted.', {}),
  'account.user_code_set': event('A person set the code that apps need to ask them for a sign-in (CIBA).', {}),
  'account.user_code_removed': event('A person removed that code.', {}),
  'account.linked': event('An account was linked to a person at an upstream provider.', {
    upstream: upstream.optional(),
    just_in_time: z.boolean().optional().meta({ description: 'True when the account was created by this sign-in.' }),
  }),
  'account.unlinked': event('An account was unlinked from an upstream provider.', { upstream: upstream.optional() }),
  'upstream.created': event('An upstream provider was added.', {
    preset: text('Name of the preset that it was added with.').optional(),
  }),
  'upstream.updated': event('An upstream provider was changed.', { changed }),
  'upstream.deleted': event('An upstream provider was deleted, and its links with it.', { name }),
  'settings.updated': event('Settings were changed.', { changed, version }),
  'key.created': event('A signing key was created.', {
    alg,
    status: keyStatus.meta({ description: 'Status of the key.' }),
  }),
  'key.rotated': event('The signing key of an algorithm changed.', {
    alg,
    retired: text('`kid` of the key that was retired.'),
    next: text('`kid` of the new next key.'),
  }),
  'key.retired': event('A signing key was retired.', { alg }),
  'key.revoked': event('A signing key was revoked.', {
    alg,
    status: keyStatus.meta({ description: 'Status of the key before.' }),
    promoted: text('`kid` of the key that took its place.').optional(),
  }),
  'audit.events_removed': event(
    'A partition of the audit log was removed, because all its events were older than `audit.retention_days`.',
    {
      partition: text('Name of the table.'),
      retention_days: count('`audit.retention_days` at that time.'),
    },
  ),
  'admin.refused': event('A request to the admin API was refused.', {
    method: text('Method of the request.'),
    route: text('Route template.'),
    status: count('HTTP status of the answer.'),
    scope: text('Scope that the route needs.'),
    said: text('Message of the answer, where access was denied.').optional(),
  }),
  'admin.recovered': event('The client signet-cli got a new key and all its rights on the server.', {
    kid: text('`kid` of the new key.').optional(),
  }),
  'master_key.rewrapped': event('Sealed values were sealed again under the first master key.', {
    values: count('Number of values.'),
    not_needed_any_more: texts('Ids of master keys that no value needs any more.'),
  }),
  'restore_epoch.advanced': event('The database was restored: earlier sessions and tokens ended.', {
    epoch: count('New restore epoch.'),
    before: count('Restore epoch before.'),
  }),
} as const

type Catalogue = typeof AUDIT_EVENTS

export type AuditEventType = keyof Catalogue

/** The detail of an event type. */
export type AuditDetail<Type extends AuditEventType> = z.infer<Catalogue[Type]['detail']>

/**
 * The type of an event and its detail. The detail is absent when the event has no fields, and optional when it requires
 * none. For several types, it is a union.
 */
export type AuditFields<Type extends AuditEventType = AuditEventType> = Type extends AuditEventType
  ? { readonly type: Type } & WithDetail<Type>
  : never

type WithDetail<Type extends AuditEventType> = keyof Catalogue[Type]['detail']['shape'] extends never
  ? { readonly detail?: never }
  : Partial<AuditDetail<Type>> extends AuditDetail<Type>
    ? { readonly detail?: Readonly<AuditDetail<Type>> }
    : { readonly detail: Readonly<AuditDetail<Type>> }

/** The event types of a family: `EventsOf<'client'>` are those that begin with `client.`. */
export type EventsOf<Family extends string> = Extract<AuditEventType, `${Family}.${string}`>
