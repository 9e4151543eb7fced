/** Keycloak: each realm is an OpenID provider. */
import { OPENID } from './openid.ts'
import type { Preset } from './preset.ts'
import { baseUrl, text, withoutSlash } from './values.ts'

export const KEYCLOAK: Preset = {
  ...OPENID,
  name: 'Keycloak',
  values: {
    base_url: baseUrl({
      expected: 'the URL of your Keycloak, with its path if it has one',
      example: 'https://sso.example.com',
      path: /^[\w/.~-]*$/,
    }),
    realm: text(
      { expected: 'the name of the realm, of letters, digits, dots, hyphens and underscores', example: 'staff' },
      /^[\w.-]{1,200}$/,
    ),
  },
  issuerOf: ({ base_url: url = '', realm = '' }) => `${withoutSlash(url)}/realms/${realm}`,
  authMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
  verifiedAddresses: 'Addresses that the realm has marked as verified (`email_verified`).',
}
