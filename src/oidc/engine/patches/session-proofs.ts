/**
 * What: the session keeps `provenAt`, the time of the last proof by each sign-in method.
 * Why: the engine keeps one time for the whole sign-in, and stores no other members.
 * Engine: 9.13.3
 * Test: test/account-portal/fresh-proof.test.ts
 */
import type Provider from 'oidc-provider'

export function keepProofTimes(provider: Provider): void {
  const { Session } = provider as unknown as { Session: { readonly IN_PAYLOAD: readonly string[] } }
  const members = [...Session.IN_PAYLOAD, 'provenAt']
  Object.defineProperty(Session, 'IN_PAYLOAD', { get: () => members })
}
