/**
 * What: the handler of a grant that clients poll for counts each poll that finds no decision. One that comes too soon
 * gets `slow_down`.
 * Why: the engine answers `authorization_pending` however often a client asks (RFC 8628 §3.5, CIBA Core 1.0 §11).
 * Engine: 9.13.3
 * Test: test/flows/device-polling.test.ts
 */
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { GRANT } from '#clients/profiles.ts'
import type { ModelName } from '../../adapter/models.ts'
import { wrapGrantHandler } from '../internals.ts'

export interface PollDeps {
  /** Counts a poll, shared by all nodes. */
  readonly poll: (kind: ModelName, value: string) => Promise<{ tooSoon: boolean; seconds: number }>
}

/** The grants that clients poll for: the parameter that names the request, and its model. */
const POLLED = [
  { grantType: GRANT.device, parameter: 'device_code', kind: 'DeviceCode' },
  { grantType: GRANT.ciba, parameter: 'auth_req_id', kind: 'BackchannelAuthenticationRequest' },
] as const

export function slowPollsDown(provider: Provider, { poll }: PollDeps): void {
  for (const { grantType, parameter, kind } of POLLED) {
    wrapGrantHandler(provider, grantType, (handle) => async (ctx) => {
      try {
        await handle(ctx)
      } catch (error) {
        if (!(error instanceof errors.AuthorizationPending)) throw error
        const counted = await poll(kind, String(ctx.oidc.params?.[parameter]))
        if (!counted.tooSoon) throw error
        throw Object.assign(new errors.SlowDown(), {
          error_description: `this poll came too soon: wait ${counted.seconds} seconds before the next one`,
        })
      }
    })
  }
}
