/**
 * What: a verifier for a code without a challenge is refused when the code is found.
 * Why: RFC 9700 §4.8.2: it is a downgrade. The engine refuses it as well, with a reason that names an inner step.
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
      // whoever may not have the code, or comes too late, is told that and no more
      const isTheirs = code !== undefined && code.clientId === client?.clientId && !code.isExpired
      if (isTheirs && code.codeChallenge === undefined && params?.['code_verifier'] !== undefined) {
        throw new errors.InvalidGrant('code_verifier was sent, but the authorization request had no code_challenge')
      }
      return code
    },
  })
}
