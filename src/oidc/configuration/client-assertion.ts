/** What follows once the engine has verified a client assertion. */
import type { Configuration } from 'oidc-provider'
import type { ClientKeys } from '#clients/managed-keys.ts'
import { clientOf } from '../engine/clients.ts'
import { requestScope } from '../engine/scope/request-scope.ts'

/** Notes the use of the client's key. Throws for an assertion that our rules have not judged: the engine's are laxer. */
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
