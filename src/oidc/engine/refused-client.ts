/** The client of a refused request for its audit event: the one that was found, or the one that the request claims. */
import { decodeJwt } from 'jose'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Actor } from '#audit/audit.ts'
import { basicCredentials } from './basic-credentials.ts'
import { requestScope } from './scope/request-scope.ts'

/** Characters. Bounds what a caller can write into the audit log. */
const MAX_CLAIMED = 200

export interface RefusedClient {
  readonly actor: Actor
  /** A client that exists. */
  readonly clientId: string | undefined
  /** What the request claims, when there is no such client. */
  readonly claimedId: string | undefined
  /** The reason for the audit event when it is the client's status; callers are not told. */
  readonly reason: string | undefined
}

export function refusedClient(ctx: KoaContextWithOIDC): RefusedClient {
  const anonymous = {
    actor: { kind: 'anonymous' },
    clientId: undefined,
    claimedId: undefined,
    reason: undefined,
  } as const
  const { client } = ctx.oidc ?? {}
  if (client) return { ...anonymous, actor: { kind: 'client', id: client.clientId }, clientId: client.clientId }
  const claimed = claimedClientId(ctx)
  if (claimed === undefined) return anonymous
  return requestScope()?.disabledClient === claimed
    ? { ...anonymous, clientId: claimed, reason: 'the client is disabled' }
    : { ...anonymous, claimedId: claimed.slice(0, MAX_CLAIMED) }
}

/** Returns the client id in the parameters, the Authorization header or the assertion. Nothing of it is verified. */
function claimedClientId({ oidc, query, headers }: KoaContextWithOIDC): string | undefined {
  const sent: Readonly<Record<string, unknown>> = { ...query, ...oidc?.body, ...oidc?.params }
  return (
    textOf(sent['client_id']) ??
    textOf(basicCredentials(headers.authorization)?.id) ??
    inAssertion(sent['client_assertion'])
  )
}

function inAssertion(assertion: unknown): string | undefined {
  if (typeof assertion !== 'string') return undefined
  try {
    return textOf(decodeJwt(assertion).sub)
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
