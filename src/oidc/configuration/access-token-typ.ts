/** The header `typ` of JWT access tokens, which each resource chooses. */
import type { Configuration, ResourceServer } from 'oidc-provider'
import type { Resource } from '#resources/resource.ts'

type JwtSettings = NonNullable<ResourceServer['jwt']>
type Customizers = NonNullable<NonNullable<Configuration['formats']>['customizers']>

/** Returns the engine's settings for the JWT access tokens of a resource. The engine keeps `typ`, which it ignores. */
export function jwtSettings({ signingAlg, accessTokenTyp }: Resource): JwtSettings {
  return { sign: { alg: signingAlg }, typ: accessTokenTyp } as JwtSettings
}

/** Sets the `typ` of the token's resource in the header. The engine's own is `at+jwt`. */
export const setTyp: NonNullable<Customizers['jwt']> = (_ctx, { resourceServer }, jwt) => {
  const { typ } = (resourceServer?.jwt ?? {}) as { typ?: Resource['accessTokenTyp'] }
  if (typ !== undefined) jwt.header = { ...jwt.header, typ }
}
