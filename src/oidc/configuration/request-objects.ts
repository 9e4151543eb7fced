/** Request objects (JAR, RFC 9101): signed authorization requests, by value, or pushed. */
import { errors } from 'oidc-provider'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { sha256 } from '#shared/ids.ts'
import { clientOf } from '../engine/clients.ts'
import type { ReplayDeps } from '../engine/patches/replay-detection.ts'
import { REQUEST_OBJECT_REUSED, type RequestObjectContext, requestObjectFault } from '../engine/request-object.ts'
import { requestScope } from '../engine/scope/request-scope.ts'
import type { Reservation } from '../engine/scope/unit-of-work.ts'
import type { RestoreEpoch } from '../restore-epoch/restore-epoch-store.ts'

type Feature = NonNullable<NonNullable<Configuration['features']>['requestObjects']>

export interface RequestObjectDeps {
  readonly issuer: string
  readonly restoreEpoch: RestoreEpoch
}

/** Seconds. The engine accepts an object for so long after its `exp`. */
const CLOCK_TOLERANCE = 15

/** Returns the engine's setting. The engine verifies the signature after the callback, and refuses `alg` none before. */
export function requestObjects(deps: RequestObjectDeps): Feature {
  return {
    enabled: true,
    async assertJwtClaimsAndHeader(ctx, claims, header, engineClient) {
      // what was pushed was checked when it was pushed
      if (ctx.oidc.entities.PushedAuthorizationRequest) return
      const jwt = ctx.oidc.params?.['request'] as string
      const fault = requestObjectFault({
        jwt,
        claims,
        header,
        client: clientOf(engineClient),
        context: contextOf(deps, ctx.oidc.route),
      })
      if (fault !== undefined) throw new errors.InvalidRequestObject(fault)
      const scope = requestScope()
      if (scope) scope.requestObject = claims
    },
  }
}

export function contextOf({ issuer, restoreEpoch }: RequestObjectDeps, route: string): RequestObjectContext {
  return {
    issuer,
    now: Date.now() / 1000,
    restoredAt: restoreEpoch.beganAt.getTime() / 1000,
    isBackchannel: isBackchannelRequest(route),
  }
}

export function isBackchannelRequest(route: string): boolean {
  return route === 'backchannel_authentication'
}

/**
 * Returns what makes sure that the verified object of this request is used once; undefined when there is none or it has
 * no `jti`. The text can be stored with the parameters.
 */
export function useOfRequestObject({ oidc }: KoaContextWithOIDC): string | undefined {
  const { jti, exp } = requestScope()?.requestObject ?? {}
  if (typeof jti !== 'string' || typeof exp !== 'number' || !oidc.client) return undefined
  const id = sha256(`request\0${oidc.client.clientId}\0${jti}`)
  return `${id.toString('base64url')}.${Math.ceil(exp) + CLOCK_TOLERANCE}`
}

/** Uses an object that was verified. Throws InvalidRequestObject if it was used before. */
export async function useRequestObject(use: string, reserveNow: ReplayDeps['reserveNow']): Promise<void> {
  const [id = '', until] = use.split('.')
  const reservation: Reservation = {
    of: 'proof',
    id: Buffer.from(id, 'base64url'),
    expiresAt: new Date(Number(until) * 1000),
  }
  if (!(await reserveNow(reservation))) throw new errors.InvalidRequestObject(REQUEST_OBJECT_REUSED)
}
