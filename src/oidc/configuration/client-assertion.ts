/** The engine's callback after it has verified a client assertion. */
import type { Configuration } from 'oidc-provider'
import type { ClientKeys } from '#clients/managed-keys.ts'
import { clientOf } from '../engine/clients.ts'
import { requestScope } from '../engine/scope/request-scope.ts'

/** Records the use of the client's key. Throws if our rules, which are stricter than the engine's, were skipped. */
export function assertionVerified(
  clientKeys: Pick<ClientKeys, 'used'>,
): NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']> {
  return async (_ctx, _claims, _header, engineClient) => {
    const assertion = requestScope()?.assertion
    if (assertion?.stage !== 'judged') throw new TypeError('a client assertion was verified that was not judged before')
    assertion.stage = 'verified'
    if (assertion.key) clientKeys.used(clientOf(engineClient).id, assertion.key)
  }
}
