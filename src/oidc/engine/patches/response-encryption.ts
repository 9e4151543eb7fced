/**
 * What: `IdToken.issue` says that it encrypts, and refuses with a reason when the client has no key for it.
 * Why: the engine refreshes the keys of a client in the same way before it encrypts as after a signature did not
 * verify, which would fetch them again each minute. A failed fetch would be an internal error.
 * Engine: 9.13.3
 * Test: test/flows/encryption.test.ts
 */
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Client as EngineClient } from 'oidc-provider'
import { KeysNotFetched } from '#clients/errors.ts'
import { whileEncrypting } from '../scope/encryption.ts'

interface Issuing {
  readonly client: EngineClient
}

type Issue = (this: Issuing, options: { use: string }) => Promise<string>

export function encryptResponses(provider: Provider): void {
  const prototype = provider.IdToken.prototype as unknown as { issue: Issue }
  const { issue } = prototype
  prototype.issue = async function issueEncrypted(options) {
    try {
      return await whileEncrypting(() => issue.call(this, options))
    } catch (error) {
      throw error instanceof KeysNotFetched ? new errors.InvalidClientMetadata(error.message, { cause: error }) : error
    }
  }
}
