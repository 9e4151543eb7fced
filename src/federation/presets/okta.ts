/** Okta, with the organization's own authorization server or a custom one. */
import { OPENID } from './openid.ts'
import type { Preset } from './preset.ts'
import { baseUrl, withoutSlash } from './values.ts'

export const OKTA: Preset = {
  ...OPENID,
  name: 'Okta',
  values: {
    base_url: baseUrl({
      expected: 'the URL of your Okta organization, with /oauth2/ID at the end for a custom authorization server',
      example: 'https://acme.okta.com',
      path: /^(?:\/oauth2\/[\w-]+)?$/,
    }),
  },
  issuerOf: ({ base_url: url = '' }) => withoutSlash(url),
  authMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
  verifiedAddresses: 'Primary addresses that Okta says are verified (`email_verified`).',
}
