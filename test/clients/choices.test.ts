/** Members with several values of which the server takes one (OpenID Connect RP Metadata Choices 1.0). */
import { expect, test } from 'vitest'
import { accept, change, KEYS, refuse, stored } from './least.ts'

test.each([
  ['subject_types_supported', ['pairwise', 'public'], 'subject_type', 'pairwise'],
  ['id_token_signing_alg_values_supported', ['EdDSA', 'ES256', 'RS256'], 'id_token_signed_response_alg', 'ES256'],
  ['userinfo_signing_alg_values_supported', ['none', 'RS256'], 'userinfo_signed_response_alg', 'RS256'],
  [
    'token_endpoint_auth_methods_supported',
    ['client_secret_jwt', 'private_key_jwt'],
    'token_endpoint_auth_method',
    'private_key_jwt',
  ],
  ['token_endpoint_auth_signing_alg_values_supported', ['HS256', 'ES256'], 'token_endpoint_auth_signing_alg', 'ES256'],
  ['id_token_encryption_alg_values_supported', ['dir', 'ECDH-ES'], 'id_token_encrypted_response_alg', 'ECDH-ES'],
])('of %s the first supported value is taken, and the list is not stored', async (list, values, name, chosen) => {
  const { metadata } = await accept('web', { [list]: values })
  expect(metadata[name]).toBe(chosen)
  expect(metadata).not.toHaveProperty(list)
})

test('content encryption is chosen too, where there is an algorithm for it', async () => {
  const { metadata } = await accept('web', {
    userinfo_encryption_alg_values_supported: ['ECDH-ES+A256KW'],
    userinfo_encryption_enc_values_supported: ['A192GCM', 'A256GCM'],
  })
  expect(metadata).toMatchObject({
    userinfo_encrypted_response_alg: 'ECDH-ES+A256KW',
    userinfo_encrypted_response_enc: 'A256GCM',
    userinfo_signed_response_alg: 'RS256',
  })
})

test('a single value beside the list wins, and must be in it', async () => {
  const list = { id_token_signing_alg_values_supported: ['RS256', 'ES256'] }
  const { metadata } = await accept('web', { ...list, id_token_signed_response_alg: 'ES256' })
  expect(metadata.id_token_signed_response_alg).toBe('ES256')
  expect(await refuse('web', { subject_types_supported: ['pairwise'], subject_type: 'public' })).toEqual([
    ['subject_types_supported', ['pairwise'], 'an array with the value of subject_type'],
  ])
})

test.each([[['EdDSA']], ['ES256'], [[]], [[7]], [{}]])(
  'a list without a supported value, or no list, is refused: %j',
  async (given) => {
    expect(await refuse('web', { id_token_signing_alg_values_supported: given })).toEqual([
      ['id_token_signing_alg_values_supported', given, 'an array with some of RS256, ES256'],
    ])
  },
)

test('a list that has no meaning for the client is ignored, and null is no list', async () => {
  const { metadata } = await accept('machine', {
    subject_types_supported: ['pairwise'],
    token_endpoint_auth_methods_supported: null,
  })
  expect(metadata).not.toHaveProperty('subject_type')
  const secret = { jwks: undefined, token_endpoint_auth_method: 'client_secret_basic' }
  const algs = { token_endpoint_auth_signing_alg_values_supported: ['ES256'] }
  expect((await accept('web', { ...secret, ...algs })).metadata).not.toHaveProperty('token_endpoint_auth_signing_alg')
})

test('a change may give a list again', async () => {
  const before = stored(await accept('web', { jwks: KEYS }))
  const { metadata } = await change(before, { metadata: { userinfo_signing_alg_values_supported: ['ES256'] } })
  expect(metadata.userinfo_signed_response_alg).toBe('ES256')
})
