/** Google. */
import { OPENID } from './openid.ts'
import type { Preset } from './preset.ts'

export const GOOGLE: Preset = {
  ...OPENID,
  name: 'Google',
  values: {},
  issuerOf: () => 'https://accounts.google.com',
  authMethods: ['client_secret_post', 'client_secret_basic'],
  // Google documents no `login` and no `max_age`, and sends no `auth_time`
  again: { prompt: 'select_account' },
  verifiedAddresses: 'Those that Google says it has verified (`email_verified`).',
}
