/** Apple: posts its response as a form, and takes a client secret that is signed for each request. */
import { OPENID } from './openid.ts'
import type { Preset } from './preset.ts'
import { text } from './values.ts'

const ID = /^[A-Z0-9]{10}$/

export const APPLE: Preset = {
  ...OPENID,
  name: 'Apple',
  values: {
    team_id: text(
      { expected: 'the Team ID, of 10 capital letters and digits', example: 'A1B2C3D4E5', isChangeable: true },
      ID,
    ),
    key_id: text(
      {
        expected: 'the Key ID of the private key, of 10 capital letters and digits',
        example: 'F6G7H8I9J0',
        isChangeable: true,
      },
      ID,
    ),
  },
  issuerOf: () => 'https://appleid.apple.com',
  authMethods: ['signed_client_secret'],
  // the only mode in which Apple gives name and address
  responseModes: ['form_post'],
  scopes: ['openid', 'name', 'email'],
  claims: { ...OPENID.claims, given_name: 'given_name', family_name: 'family_name' },
  // Apple documents no parameters for this. It sends `auth_time`.
  again: {},
  postsName: true,
  verifiedAddresses: 'All that Apple sends, also the relay addresses of people who hide theirs (`email_verified`).',
}
