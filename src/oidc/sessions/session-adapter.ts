/** The engine's adapter for browser sessions. Cookie ids are aliases of a uid. Saves never restore ended sessions. */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { requestScope } from '../engine/scope/request-scope.ts'
import { MODELS } from '../adapter/models.ts'
import { withExpiry } from '../adapter/adapter.ts'
import { rowId, type PayloadSealer } from '../adapter/sealing.ts'
import type { SessionStore, SessionWrite, StoredSession } from './session-store.ts'

const ROW = MODELS.Session
/** How long a replaced cookie id of the same person stays valid, for two tabs that return at the same time. */
const OVERLAP_SECONDS = 30

export function createSessionAdapter(deps: {
  sessions: SessionStore
  sealer: PayloadSealer
  absoluteSeconds: () => number
}): Adapter {
  const { sessions, sealer, absoluteSeconds } = deps

  function restore(stored: StoredSession | undefined): AdapterPayload | undefined {
    if (stored === undefined) return undefined
    const { payload } = sealer.open('Session', rowId(stored.uid), stored)
    const { authorizations } = stored
    return {
      ...withExpiry(payload, stored.remainingSeconds),
      uid: stored.uid,
      ...(Object.keys(authorizations).length === 0 ? {} : { authorizations: authorizations as Authorizations }),
    }
  }

  return {
    async find(id) {
      const payload = restore(await sessions.findById(rowId(id)))
      const reads = requestScope()?.session
      if (payload && reads) {
        reads.loaded = {
          uid: payload.uid as string,
          accountId: payload.accountId,
          clientIds: Object.keys(payload.authorizations ?? {}),
        }
      }
      return payload && { ...payload, jti: id }
    },

    // without a jti: a session found this way is only read, never saved
    findByUid: async (uid) => restore(await sessions.findByUid(uid)),

    async upsert(id, payload, ttlSeconds) {
      const reads = requestScope()?.session
      // Nobody has signed in: the engine saves only what its sign-out form needs, which is not shown then. Anyone could
      // have such rows written.
      if (payload.accountId === undefined && reads && reads.loaded === undefined) return
      await sessions.put({
        ...sessionWrite(sealer, id, payload),
        ttlSeconds: ttlSeconds ?? 0,
        absoluteSeconds: absoluteSeconds(),
      })
      if (reads) reads.replacedId = undefined
    },

    // the engine destroys the old id and then saves the new one; the save does both in one statement
    async destroy(id) {
      const reads = requestScope()?.session
      if (reads) reads.replacedId = id
    },

    consume: () => Promise.reject(new TypeError('a session is not consumed')),
    findByUserCode: () => Promise.reject(new TypeError('a session has no user code')),
    revokeByGrantId: () => Promise.reject(new TypeError('a session is not revoked by grant')),
  }
}

/** Returns the write for a save, which merges by client with concurrent writes since this request read the session. */
function sessionWrite(
  sealer: PayloadSealer,
  id: string,
  payload: AdapterPayload,
): Omit<SessionWrite, 'ttlSeconds' | 'absoluteSeconds'> {
  const { uid, accountId, loginTs, authorizations = {}, ...rest } = payload
  if (typeof uid !== 'string') throw new TypeError('a session has a uid')
  const reads = requestScope()?.session
  const loaded = reads?.loaded?.uid === uid ? reads.loaded : undefined
  const replacedId = reads?.replacedId
  const seenFrom = reads?.seenFrom()
  const { open, sealed } = sealer.seal('Session', ROW, uid, { ...rest, accountId, loginTs })
  return {
    uid,
    accountId: accountId ?? null,
    payload: open,
    sealed,
    authorizations,
    removedClientIds: (loaded?.clientIds ?? []).filter((clientId) => !Object.hasOwn(authorizations, clientId)),
    signedInAt: typeof loginTs === 'number' ? loginTs : null,
    seenFrom: seenFrom === undefined ? null : sealer.seenFrom(uid, seenFrom),
    id: rowId(id),
    // when the account changes, as at a sign-in, the old cookie id ends at once, to prevent session fixation
    replaced:
      replacedId === undefined
        ? undefined
        : { id: rowId(replacedId), seconds: loaded?.accountId === accountId ? OVERLAP_SECONDS : 0 },
  }
}

type Authorizations = NonNullable<AdapterPayload['authorizations']>
