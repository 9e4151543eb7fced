/**
 * What: `OIDCContext.params` has a scope without leading, trailing and repeated blanks.
 * Why: the engine takes the empty text between two blanks for a scope, and refuses it.
 * Engine: 9.13.3
 * Test: test/flows/blanks.test.ts
 */
import type Provider from 'oidc-provider'

const PARAMS = Symbol('params')

interface Holder {
  [PARAMS]?: { scope?: unknown } | undefined
}

export function joinScopesByOneBlank(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    configurable: true,
    get(this: Holder) {
      return this[PARAMS]
    },
    set(this: Holder, params: Holder[typeof PARAMS]) {
      if (typeof params?.scope === 'string') {
        const scopes = params.scope.split(' ').filter((scope) => scope !== '')
        params.scope = scopes.length === 0 ? undefined : scopes.join(' ')
      }
      this[PARAMS] = params
    },
  })
}
