/**
 * What: the `sid` of a client in a session is derived from both, and ID tokens carry it for clients of front-channel
 * logout too.
 * Why: the engine draws it at random, so that two requests of a client at the same time get different ones, of which
 * one is lost. It knows of no front channel.
 * Engine: 9.13.3
 * Test: test/flows/session-ids.test.ts
 */
import type Provider from 'oidc-provider'
import type { Client, Session } from 'oidc-provider'
import { needsSid } from '#clients/logout.ts'
import { sha256 } from '#shared/ids.ts'
import { clientOf } from '../clients.ts'

export function deriveSessionIds(provider: Provider): void {
  Object.assign(provider.Session.prototype, {
    ensureClientContainer(this: Session, clientId: string) {
      if (!this.sidFor(clientId)) this.sidFor(clientId, sidOf(this.uid, clientId))
    },
  })
  Object.assign(provider.Client.prototype, {
    includeSid(this: Client) {
      return needsSid(clientOf(this))
    },
  })
}

/** Tells nothing about the session, and is different for each client, so that clients cannot compare it. */
function sidOf(uid: string, clientId: string): string {
  return sha256(`sid\0${uid}\0${clientId}`).toString('base64url')
}
