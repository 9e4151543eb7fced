/** Routes `/keys`: the server's signing keys, and the sealing of stored values under a new master key. */
import type { Audit, AuditContext, AuditEvent } from '#audit/audit.ts'
import type { MasterKeys, Rewrapping } from '#sealing/master-keys.ts'
import type { SigningKeys } from '#signing-keys/signing-key.ts'
import { pageOfAll, pageQuery } from '../paging.ts'
import { route, type Route } from '../route.ts'
import {
  keyDocument,
  keyList,
  keyPage,
  rewrapping,
  rewrapResult,
  rotation,
  toKeyDocument,
  toRewrapResult,
} from './schema.ts'

const tag = 'Signing keys'
const DEFAULT_REWRAP_LIMIT = 500

export interface KeyRoutesDeps {
  readonly signingKeys: SigningKeys
  readonly masterKeys: MasterKeys
  readonly audit: Pick<Audit, 'record'>
}

export function keyRoutes(deps: KeyRoutesDeps): Route[] {
  return [listKeys(deps), rotateKeys(deps), retireKey(deps), revokeKey(deps), rewrap(deps)]
}

function listKeys({ signingKeys }: KeyRoutesDeps): Route {
  return route({
    method: 'GET',
    path: '/keys',
    operationId: 'listKeys',
    tag,
    summary: 'List signing keys',
    scope: 'keys:read',
    query: pageQuery,
    answer: { status: 200, description: 'A page of keys.', schema: keyPage },
    handle: async ({ query }) => ({
      body: pageOfAll((await signingKeys.list()).map(toKeyDocument), query, ({ kid }) => kid),
    }),
  })
}

function rotateKeys({ signingKeys }: KeyRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/keys/rotate',
    operationId: 'rotateKeys',
    tag,
    summary: 'Rotate signing keys: next becomes current, current is retired, a new next is made',
    scope: 'keys:write',
    body: rotation.optional(),
    answer: { status: 200, description: 'All keys after the rotation.', schema: keyList },
    refusals: [409],
    async handle({ body, by }) {
      await signingKeys.rotate(body?.alg, by)
      return { body: { items: (await signingKeys.list()).map(toKeyDocument), next_cursor: null } }
    },
  })
}

function retireKey({ signingKeys }: KeyRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/keys/{kid}/retire',
    operationId: 'retireKey',
    tag,
    summary: 'Retire a key: it stays published and signs no more',
    scope: 'keys:write',
    answer: { status: 200, description: 'The key.', schema: keyDocument },
    refusals: [404, 409],
    handle: async ({ params, by }) => ({ body: toKeyDocument(await signingKeys.retire(params.kid as string, by)) }),
  })
}

function revokeKey({ signingKeys }: KeyRoutesDeps): Route {
  return route({
    method: 'DELETE',
    path: '/keys/{kid}',
    operationId: 'revokeKey',
    tag,
    summary: 'Revoke a key: it is published no more, and what it signed is worth nothing',
    scope: 'keys:write',
    answer: { status: 204, description: 'It is gone.' },
    refusals: [404, 409],
    async handle({ params, by }) {
      await signingKeys.revoke(params.kid as string, by)
      return {}
    },
  })
}

/**
 * Seals a part of the old values again and returns how many remain. Each call fits in the time of a request, and
 * stopping between calls is safe.
 */
function rewrap({ masterKeys, audit }: KeyRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/keys/rewrap',
    operationId: 'rewrapSealedValues',
    tag: 'Master keys',
    summary: 'Seal some of the values anew that are sealed under an older master key; call it until nothing remains',
    scope: 'keys:write',
    body: rewrapping.optional(),
    answer: { status: 200, description: 'What was done and what remains.', schema: rewrapResult },
    async handle({ body, by }) {
      const done = await masterKeys.rewrap(body?.limit ?? DEFAULT_REWRAP_LIMIT)
      if (done.rewrapped > 0 || done.forgotten.length > 0) await audit.record(rewrapped(done, by))
      return { body: toRewrapResult(done) }
    },
  })
}

function rewrapped({ keyId, rewrapped: values, forgotten }: Rewrapping, by: AuditContext): AuditEvent {
  return {
    ...by,
    type: 'master_key.rewrapped',
    outcome: 'success',
    subject: { kind: 'master key', id: keyId },
    detail: { values, not_needed_any_more: forgotten },
  }
}
