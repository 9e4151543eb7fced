/** Stores what an interaction needs while its person is at a provider: sealed, for ten minutes, for one use. */
import type { Queryable } from '#database/database.ts'
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'
import { randomId, sha256 } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { RequestSecrets } from './upstream-client.ts'
import { createRequestStore } from './request-store.ts'

const REQUEST = 'upstream-request'
const OFFER = 'upstream-offer'

export const SEALED_UPSTREAM_REQUESTS: readonly SealedColumn[] = [
  {
    table: 'upstream_requests',
    column: 'sealed',
    purpose: REQUEST,
    ...boundTo('state_hash'),
  },
  {
    table: 'upstream_offers',
    column: 'sealed',
    purpose: OFFER,
    ...boundTo('interaction_id'),
  },
]

interface OpenRequest extends Omit<RequestSecrets, 'state'> {
  readonly uid: string
  readonly upstream: string
  /** When the request began, in epoch seconds. Undefined for a request that the release before began. */
  readonly beganAt?: number
}

/** The person that a provider vouched for, with an address that the provider has verified. */
export interface Offer {
  readonly upstream: string
  readonly subject: string
  readonly email: string
}

export type UpstreamRequests = ReturnType<typeof createUpstreamRequests>

export function createUpstreamRequests(db: Queryable, keyring: Pick<Keyring, 'seal' | 'open'>) {
  const store = createRequestStore(db)
  const seal = (purpose: string, content: object, key: Buffer) =>
    keyring.seal(purpose, JSON.stringify(content), key.toString('hex'))
  const open = (purpose: string, sealed: Buffer, key: Buffer): unknown =>
    JSON.parse(keyring.open(purpose, sealed, key.toString('hex')).toString())

  return {
    async begin(uid: string, upstream: string, at: Date): Promise<RequestSecrets> {
      const secrets = { state: randomId(), nonce: randomId(), verifier: randomId() }
      const stateHash = stateHashOf(secrets.state)
      const { nonce, verifier } = secrets
      const content: OpenRequest = { uid, upstream, nonce, verifier, beganAt: Math.floor(at.getTime() / 1000) }
      await store.add({ stateHash, interactionId: sha256(uid), sealed: seal(REQUEST, content, stateHash) })
      return secrets
    },

    /** Returns the request of this state, and keeps it. */
    async waiting(state: string): Promise<Pick<OpenRequest, 'uid' | 'upstream'> | undefined> {
      const stateHash = stateHashOf(state)
      const sealed = await store.find(stateHash)
      return sealed && (open(REQUEST, sealed, stateHash) as OpenRequest)
    },

    /** Returns a request once; undefined when it was used, has expired or belongs to another interaction. */
    async take(uid: string, state: string): Promise<OpenRequest | undefined> {
      const stateHash = stateHashOf(state)
      const sealed = await store.take(stateHash, sha256(uid))
      return sealed && (open(REQUEST, sealed, stateHash) as OpenRequest)
    },

    async offer(uid: string, offer: Offer): Promise<void> {
      const key = sha256(uid)
      await store.offer(key, seal(OFFER, offer, key))
    },

    async offerOf(uid: string): Promise<Offer | undefined> {
      const key = sha256(uid)
      const sealed = await store.findOffer(key)
      return sealed && (open(OFFER, sealed, key) as Offer)
    },

    async takeOffer(uid: string): Promise<Offer | undefined> {
      const key = sha256(uid)
      const sealed = await store.takeOffer(key)
      return sealed && (open(OFFER, sealed, key) as Offer)
    },

    removeExpired: store.removeExpired,
  }
}

/** Returns the digest of a state. It includes the purpose, so that values of other kinds never match. */
function stateHashOf(state: string): Buffer {
  return sha256(`upstream state ${state}`)
}
