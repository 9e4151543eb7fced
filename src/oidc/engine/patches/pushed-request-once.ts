/**
 * What: `PushedAuthorizationRequest.find` returns a stand-in for a request whose row is gone, which can be used once.
 * Why: rows of unused requests go soon after they expire, while a sign-in that began with one still runs. Two tabs that
 * finish it afterwards must not both get a code (RFC 9126 §4).
 * Engine: 9.13.3
 * Test: test/flows/pushed-requests.test.ts
 */
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { sha256 } from '#shared/ids.ts'
import type { ReplayDeps } from './replay-detection.ts'

/** The longest time that a sign-in may take. */
const DAY_MS = 24 * 3600 * 1000

type Find = (value: string, options?: object) => Promise<unknown>

export function usePushedRequestsOnce(provider: Provider, { reserveNow }: ReplayDeps): void {
  const Model = provider.PushedAuthorizationRequest
  const find: Find = Model.find.bind(Model)

  async function consume(value: string): Promise<void> {
    const reservation = {
      of: 'proof',
      id: sha256(`pushed\0${value}`),
      expiresAt: new Date(Date.now() + DAY_MS),
    } as const
    if (await reserveNow(reservation)) return
    throw new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
  }

  Object.assign(Model, {
    find: async (value: string, options?: object): Promise<unknown> =>
      // the authorization endpoint refuses what is not valid; the end of a sign-in only consumes it
      (await find(value, options)) ?? { isValid: false, consume: () => consume(value) },
  })
}
