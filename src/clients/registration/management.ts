/** Clients read, replace and delete their own registration (RFC 7592). */
import { timingSafeEqual } from 'node:crypto'
import { randomId, sha256 } from '#shared/ids.ts'
import { usesSecret } from '../auth-methods.ts'
import { insertSecret, isReadableId, readIn, removeClient, updateClient } from '../client-changes.ts'
import { createClientStore } from '../client-store.ts'
import type { Client } from '../client.ts'
import { COUNTED_BYTES, type RegistrationDeps } from './deps.ts'
import { endedByAdministrator, RegistrationRefused } from './errors.ts'
import { registrationInput } from './inference.ts'
import { requireHosts } from './policy.ts'
import type { Metadata, Registered, Registrant } from './registration.ts'
import { createRegistrationStore } from './registration-store.ts'
import { withStatement } from './software-statement.ts'

/** Whose registration a request is for, and its registration access token. */
interface Own {
  readonly id: string
  readonly token: string | undefined
}

export async function readOwn(deps: RegistrationDeps, id: string, token: string | undefined): Promise<Registered> {
  const { client } = await held(deps, { id, token })
  return { client, token }
}

/** Replaces the metadata. One of several changes with the same token is made, and gets the next token. */
export async function replaceOwn(
  deps: RegistrationDeps,
  { id, token, sent }: Own & { readonly sent: Metadata },
  { by, charge }: Registrant,
): Promise<Registered> {
  const { registration, digest } = await held(deps, { id, token })
  if (registration.initialAccessToken === null) charge(COUNTED_BYTES)
  const { policy, statement } = await withStatement(deps.statements, sent, registration.policy)
  const next = randomId('rat-')
  let secret: string | undefined
  const update = (before: Client) => {
    requireEnabled(before)
    requireSame(sent, before)
    return registrationInput(sent, { policy, offers: deps.offers, before })
  }
  await updateClient(deps, { id, expectedVersion: undefined, by }, update, async (trx, after) => {
    const rotation = { before: digest, after: sha256(next), policy }
    if (!(await createRegistrationStore(trx).rotate(id, rotation))) throw badToken()
    requireHosts(after, policy)
    const isWithoutSecret = usesSecret(after.metadata) && after.secretDigests.length === 0
    secret = isWithoutSecret ? (await insertSecret(trx, id, deps.clock.now())).value : undefined
  })
  deps.forget(id)
  return { client: await readIn(deps.db, id, deps.clock.now()), secret, token: next, statement }
}

export async function removeOwn(deps: RegistrationDeps, own: Own, { by }: Registrant): Promise<void> {
  const { digest } = await held(deps, own)
  const { id } = own
  await removeClient(deps, { id, expectedVersion: undefined, by }, async (trx) => {
    if (!(await createRegistrationStore(trx).remove(id, digest))) throw badToken()
  })
  deps.forget(id)
}

/** Returns a client and its registration to the holder of its registration access token. */
async function held({ db, clock }: RegistrationDeps, { id, token }: Own) {
  const registration = token !== undefined && isReadableId(id) ? await createRegistrationStore(db).find(id) : undefined
  const digest = sha256(token ?? '')
  if (!registration?.tokenDigest || !timingSafeEqual(registration.tokenDigest, digest)) throw badToken()
  const client = await createClientStore(db).read(id, clock.now())
  if (!client) throw badToken()
  requireEnabled(client)
  return { registration, client, digest }
}

function requireEnabled({ status }: Client): void {
  if (status === 'disabled') throw endedByAdministrator()
}

/** RFC 7592 §2.2: the request names the client, and a secret in it is the present one. */
function requireSame({ client_id: id, client_secret: secret }: Metadata, before: Client): void {
  if (id !== before.id) {
    throw new RegistrationRefused('invalid_request', `client_id must be ${before.id}, the client of this address.`)
  }
  if (secret === undefined) return
  const digest = sha256(typeof secret === 'string' ? secret : '')
  if (before.secretDigests.some((known) => timingSafeEqual(known, digest))) return
  throw new RegistrationRefused('invalid_request', 'client_secret must be the present secret of the client, or absent.')
}

function badToken(): RegistrationRefused {
  const message = 'The registration access token is not that of the client at this address.'
  return new RegistrationRefused('invalid_token', message)
}
