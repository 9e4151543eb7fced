/**
 * What: `Session.destroy` ends a session by its uid.
 * Why: the engine deletes only the row of one cookie id, and a concurrent request that has read the session would
 * restore it.
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
