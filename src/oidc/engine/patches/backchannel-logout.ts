/**
 * What: `Client.backchannelLogout` sends nothing.
 * Why: the engine sends logout tokens while the person waits, once, and only at a sign-out in this browser. They are
 * queued by what ends a session, wherever and why (`sign-out/logout-notice.ts`).
 * Engine: 9.13.3
 * Test: test/flows/backchannel-logout.test.ts
 */
import type Provider from 'oidc-provider'

export function sendNoLogoutTokens(provider: Provider): void {
  Object.assign(provider.Client.prototype, { backchannelLogout: () => Promise.resolve() })
}
