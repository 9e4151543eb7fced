/** The service with which clients register themselves (RFC 7591) and manage themselves (RFC 7592). */
import { randomId, randomName, sha256 } from '#shared/ids.ts'
import { insertClient } from '../client-changes.ts'
import { type ClientFields, createClientStore } from '../client-store.ts'
import type { Allowance, Client } from '../client.ts'
import { validateClient } from '../validation.ts'
import { registrationDigest } from './coalescing.ts'
import { COUNTED_BYTES, type RegistrationDeps } from './deps.ts'
import { endedByAdministrator, RegistrationRefused } from './errors.ts'
import { registrationInput } from './inference.ts'
import { readOwn, removeOwn, replaceOwn } from './management.ts'
import { OPEN_POLICY, type RegistrationPolicy, requireHosts } from './policy.ts'
import type { Metadata, Registered, Registrant, Registration } from './registration.ts'
import { createRefusalStore, createRegistrationStore } from './registration-store.ts'
import { withStatement } from './software-statement.ts'
import { createTokenStore } from './token-store.ts'

/** By what right a client registers. */
interface Admission {
  readonly policy: RegistrationPolicy
  readonly initialAccessToken?: { readonly id: string; readonly digest: Buffer }
}

/** What is registered, once it has been checked. */
interface Checked extends Admission {
  readonly fields: ClientFields
}

export function createRegistration(deps: RegistrationDeps): Registration {
  return {
    register: (sent, token, registrant) => register(deps, { sent, token }, registrant),
    read: (id, token) => readOwn(deps, id, token),
    replace: (id, token, sent, registrant) => replaceOwn(deps, { id, token, sent }, registrant),
    remove: (id, token, registrant) => removeOwn(deps, { id, token }, registrant),
  }
}

interface Attempt {
  readonly sent: Metadata
  readonly token: string | undefined
}

async function register(deps: RegistrationDeps, { sent, token }: Attempt, registrant: Registrant): Promise<Registered> {
  const admission = await admit(deps, token)
  const { policy, statement } = await withStatement(deps.statements, sent, admission.policy)
  const fields = await validated(deps, sent, policy)
  const digest = admission.initialAccessToken ? undefined : registrationDigest(fields)
  const checked = { ...admission, policy, fields }
  const registered = digest
    ? await registerShared(deps, { ...checked, digest }, registrant)
    : await registerOwn(deps, checked, registrant)
  return { ...registered, statement }
}

async function admit({ db, clock, registration }: RegistrationDeps, token: string | undefined): Promise<Admission> {
  const { mode } = registration()
  if (mode === 'off') {
    const message = 'Clients do not register themselves here: ask an administrator to register the client.'
    throw new RegistrationRefused('access_denied', message)
  }
  if (token === undefined) {
    if (mode === 'open') return { policy: OPEN_POLICY }
    const message = 'Registration needs an initial access token of an administrator in the Authorization header.'
    throw new RegistrationRefused('invalid_token', message)
  }
  const digest = sha256(token)
  const found = await createTokenStore(db).find(digest, clock.now())
  if (!found) throw badInitialToken()
  return { policy: found.policy, initialAccessToken: { id: found.id, digest } }
}

async function validated(deps: RegistrationDeps, sent: Metadata, policy: RegistrationPolicy): Promise<ClientFields> {
  const present = { ...policy, allow: await presentAllowances(deps, policy.allow) }
  const input = registrationInput(sent, { policy: present, offers: deps.offers })
  const fields = await validateClient(deps, { ...input, origin: 'registration' }, undefined)
  requireHosts(fields, policy)
  return fields
}

/** Leaves out resources and scopes that were removed since the initial access token was issued. */
async function presentAllowances(
  { findResource }: RegistrationDeps,
  allow: readonly Allowance[],
): Promise<Allowance[]> {
  const present = await Promise.all(
    allow.map(async ({ resource, scopes }) => {
      const names = (await findResource(resource))?.scopes.map(({ name }) => name)
      return names ? [{ resource, scopes: scopes.filter((scope) => names.includes(scope)) }] : []
    }),
  )
  return present.flat()
}

/** Registers a client with a registration access token of its own. */
async function registerOwn(
  deps: RegistrationDeps,
  { fields, policy, initialAccessToken }: Checked,
  { by, charge }: Registrant,
): Promise<Registered> {
  if (!initialAccessToken) charge(COUNTED_BYTES)
  const token = randomId('rat-')
  const id = randomName('reg-')
  const insertion = { id, origin: 'registration', fields, by, initialAccessToken: initialAccessToken?.id } as const
  const { client, secret } = await insertClient(deps, insertion, async (trx) => {
    const at = deps.clock.now()
    const isUsable = !initialAccessToken || (await createTokenStore(trx).use(initialAccessToken.digest, at))
    if (!isUsable) throw badInitialToken()
    const registration = { clientId: id, tokenDigest: sha256(token), metadataDigest: null, policy }
    const written = { ...registration, initialAccessToken: initialAccessToken?.id ?? null }
    await createRegistrationStore(trx).insert(written, at)
  })
  return { client, secret, token }
}

/** Another request has registered the same just now. */
class AlreadyRegistered extends Error {}

/** Registers a public client, or returns the one that an identical registration got. Nobody can manage it. */
async function registerShared(
  deps: RegistrationDeps,
  { fields, policy, digest }: Checked & { readonly digest: Buffer },
  { by, charge }: Registrant,
): Promise<Registered> {
  const redirectUris = fields.metadata['redirect_uris'] as readonly string[] | undefined
  const present = await reused(deps, digest)
  if (present) return { client: present, redirectUris }
  charge(COUNTED_BYTES)
  const id = randomName('reg-')
  try {
    const { client } = await insertClient(deps, { id, origin: 'registration', fields, by }, async (trx) => {
      const registration = { clientId: id, tokenDigest: null, metadataDigest: digest, initialAccessToken: null, policy }
      if (!(await createRegistrationStore(trx).insert(registration, deps.clock.now()))) throw new AlreadyRegistered()
      // checked after the insert, which waits for a deletion of the client with this digest
      if (await createRefusalStore(trx).isRefused(digest)) throw endedByAdministrator()
    })
    return { client }
  } catch (error) {
    const other = error instanceof AlreadyRegistered ? await reused(deps, digest) : undefined
    if (!other) throw error
    return { client: other, redirectUris }
  }
}

async function reused({ db, clock }: RegistrationDeps, digest: Buffer): Promise<Client | undefined> {
  const id = await createRegistrationStore(db).reuse(digest, clock.now())
  const client = id === undefined ? undefined : await createClientStore(db).read(id, clock.now())
  if (client?.status === 'disabled') throw endedByAdministrator()
  return client
}

function badInitialToken(): RegistrationRefused {
  const message = 'The initial access token is unknown, has expired, was revoked, or was used as often as it may be.'
  return new RegistrationRefused('invalid_token', message)
}
