/**
 * What: at userinfo, `AccessToken.find` refuses a token for an API by naming that API.
 * Why: the engine does not know JWTs and says that the token was not found, or that it lacks the scope `openid`. An app
 * that asked for one token for both would look for its mistake elsewhere.
 * Engine: 9.13.3
 * Test: test/flows/userinfo-tokens.test.ts
 */
import Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { AccessToken } from 'oidc-provider'
import type { StructuredTokenDeps } from './structured-tokens.ts'

export function refuseApiTokensAtUserinfo(
  provider: Provider,
  { verifyAccessToken }: Pick<StructuredTokenDeps, 'verifyAccessToken'>,
): void {
  const Model = provider.AccessToken
  const find = Model.find.bind(Model) as (value: string, options?: object) => Promise<AccessToken | undefined>

  Object.assign(Model, {
    async find(value: string, options?: object): Promise<AccessToken | undefined> {
      if (Provider.ctx?.oidc?.route !== 'userinfo') return find(value, options)
      const token = await find(value, options)
      const audience = token ? token.aud : (await verifyAccessToken(value))?.aud
      if (audience !== undefined) throw tokenOfApi(String(audience))
      return token
    },
  })
}

function tokenOfApi(audience: string): Error {
  const error = new errors.InvalidToken('the token is for an API')
  return Object.assign(error, {
    error_description: `this token is for ${audience}; userinfo needs one without \`resource\``,
  })
}
