/**
 * What: `OIDCContext.acr` is the class that an essential `acr` claim asks for, when the session's is stronger.
 * Why: OpenID Connect Core §5.5.1.1 wants one of the requested values in the ID token. The engine answers with the
 * session's class, which may be a stronger one that was not requested.
 * Engine: 9.13.3
 * Test: test/flows/requested-acr.test.ts
 */
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { answeredAcr } from '../../configuration/claims-parameter.ts'

export function answerRequestedAcr(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'acr', {
    configurable: true,
    get(this: KoaContextWithOIDC['oidc']) {
      return answeredAcr(this.session?.acr, this.params ?? {})
    },
  })
}
