/**
 * What: `AuthorizationCode.find` refuses a request that sends a verifier for a code without a challenge.
 * Why: RFC 9700 §4.8.2 calls it a downgrade. The engine refuses it too, but its message names an internal step.
 * Engine: 9.13.3
 * Test: test/hazards/downgrade.test.ts
 */
import Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { AuthorizationCode } from 'oidc-provider'

export function refusePkceDowngrade(provider: Provider): void {
  const Model = provider.AuthorizationCode
  const find = Model.find.bind(Model) as (value: string, options?: object) => Promise<AuthorizationCode | undefined>
  Object.assign(Model, {
    find: async (value: string, options?: object): Promise<AuthorizationCode | undefined> => {
      const code = await find(value, options)
      const { client, params } = Provider.ctx?.oidc ?? {}
      // only explain this to the client that the code was issued to, and only while the code is valid
      const isTheirs = code !== undefined && code.clientId === client?.clientId && !code.isExpired
      if (isTheirs && code.codeChallenge === undefined && params?.['code_verifier'] !== undefined) {
        throw new errors.InvalidGrant('code_verifier was sent, but the authorization request had no code_challenge')
      }
      return code
    },
  })
}
