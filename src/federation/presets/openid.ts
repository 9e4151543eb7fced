/** What holds for an OpenID provider of which nothing else is known. */
import { AUTH_METHODS, RESPONSE_MODES } from '../upstream.ts'
import type { ProviderTraits } from './preset.ts'

export const OPENID = {
  authMethods: AUTH_METHODS,
  responseModes: RESPONSE_MODES,
  scopes: ['openid', 'email', 'profile'],
  claims: { email: 'email', email_verified: 'email_verified', name: 'name' },
  // OpenID Connect Core §3.1.2.1: with max_age the provider has to say when the person signed in (`auth_time`)
  again: { prompt: 'login', max_age: '0' },
} as const satisfies ProviderTraits
