/**
 * What: `Session.destroy` ends a session by its uid.
 * Why: the engine deletes the row of one cookie id; a request that still has the session would bring it back.
 * Engine: 9.13.3
 * Test: test/hazards/engine.test.ts
 */
import type Provider from 'oidc-provider'

export interface SessionEndDeps {
  readonly endSession: (uid: string) => Promise<void>
}

export function endSessionsByUid(provider: Provider, { endSession }: SessionEndDeps): void {
  Object.assign(provider.Session.prototype, {
    async destroy(this: { uid: string; destroyed?: boolean }) {
      await endSession(this.uid)
      this.destroyed = true
    },
  })
}
