/** GitLab.com, and GitLab servers that organizations run themselves. */
import { OPENID } from './openid.ts'
import type { Preset } from './preset.ts'
import { baseUrl, withoutSlash } from './values.ts'

export const GITLAB: Preset = {
  ...OPENID,
  name: 'GitLab',
  values: {
    base_url: baseUrl({
      expected: 'the URL of your GitLab, without a path unless it is installed below one',
      example: 'https://gitlab.example.com',
      fallback: 'https://gitlab.com',
      path: /^[\w/.~-]*$/,
    }),
  },
  issuerOf: ({ base_url: url = '' }) => withoutSlash(url),
  authMethods: ['client_secret_post', 'client_secret_basic'],
  // always sends `auth_time`
  again: { prompt: 'login' },
  verifiedAddresses: 'Primary addresses that are confirmed in GitLab (`email_verified`).',
}
