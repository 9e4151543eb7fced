/** The members for signed requests and signed answers: who may have them, and which algorithms. */
import { describe, expect, test } from 'vitest'
import { accept, change, KEYS, refuse, stored } from './least.ts'

describe('request objects', () => {
  test('are signed with an algorithm of the profile', async () => {
    const signed = { request_object_signing_alg: 'ES256', require_signed_request_object: true }
    expect((await accept('web', signed)).metadata).toMatchObject(signed)
    expect((await accept('spa', { ...signed, jwks: KEYS })).metadata).toMatchObject(signed)
    expect(await refuse('web', { request_object_signing_alg: 'none' })).toEqual([
      ['request_object_signing_alg', 'none', 'for web RS256, PS256, ES256, EdDSA'],
    ])
    expect(await refuse('fapi2', { request_object_signing_alg: 'RS256' })).toEqual([
      ['request_object_signing_alg', 'RS256', 'for fapi2 PS256, ES256, EdDSA'],
    ])
  })

  test('need keys, and authorization requests to be in', async () => {
    const keys = 'the public keys that the client signs with beside it: jwks or jwks_uri'
    expect(await refuse('spa', { require_signed_request_object: true, request_object_signing_alg: 'ES256' })).toEqual([
      ['request_object_signing_alg', 'ES256', keys],
      ['require_signed_request_object', true, keys],
    ])
    expect(await refuse('machine', { require_signed_request_object: true })).toEqual([
      ['require_signed_request_object', true, 'nothing here: a machine client sends no authorization requests'],
    ])
  })
})

describe('signed answers', () => {
  test('of the authorization endpoint are for clients that send requests', async () => {
    const alg = { authorization_signed_response_alg: 'ES256', response_modes: ['jwt', 'form_post.jwt'] }
    expect((await accept('spa', alg)).metadata).toMatchObject(alg)
    expect(await refuse('machine', { authorization_signed_response_alg: 'ES256' })).toEqual([
      ['authorization_signed_response_alg', 'ES256', 'nothing here: a machine client sends no authorization requests'],
    ])
    expect(await refuse('fapi2', { authorization_signed_response_alg: 'RS256' })).toEqual([
      ['authorization_signed_response_alg', 'RS256', 'for fapi2 ES256, PS256'],
    ])
  })

  test('of introspection are for clients that authenticate, as long as they do', async () => {
    const alg = { introspection_signed_response_alg: 'ES256' }
    const machine = stored(await accept('machine', alg))
    expect(machine.metadata).toMatchObject(alg)
    expect(await refuse('spa', alg)).toEqual([
      ['introspection_signed_response_alg', 'ES256', 'nothing here: only a client that authenticates may introspect'],
    ])
    const after = await change(machine, { metadata: { token_endpoint_auth_method: 'client_secret_basic' } })
    expect(after.metadata).not.toHaveProperty('introspection_signed_response_alg')
  })
})

describe('encrypted answers', () => {
  const encryption = (answer: string) => ({ [`${answer}_encrypted_response_alg`]: 'ECDH-ES' })

  test('are for clients that get such answers, and have a content encryption', async () => {
    const enc = 'A128CBC-HS256'
    expect((await accept('web', encryption('authorization'))).metadata).toMatchObject({
      authorization_encrypted_response_enc: enc,
    })
    const machine = stored(await accept('machine', encryption('introspection')))
    expect(machine.metadata).toMatchObject({ introspection_encrypted_response_enc: enc })
    expect(await refuse('machine', encryption('authorization'))).toEqual([
      ['authorization_encrypted_response_alg', 'ECDH-ES', expect.stringMatching(/sends no authorization requests$/)],
    ])
    expect(await refuse('spa', { ...encryption('introspection'), jwks: KEYS })).toEqual([
      ['introspection_encrypted_response_alg', 'ECDH-ES', expect.stringMatching(/only a client that authenticates/)],
    ])
    const { metadata } = await change(machine, { metadata: { token_endpoint_auth_method: 'client_secret_basic' } })
    expect(Object.keys(metadata).filter((name) => name.startsWith('introspection_'))).toEqual([])
  })

  test('need a key that fits', async () => {
    expect(await refuse('spa', encryption('authorization'))).toEqual([
      ['jwks', null, 'a key for authorization_encrypted_response_alg ECDH-ES, with "use": "enc", or jwks_uri'],
    ])
  })

  test('may be chosen from lists, which have no meaning for others', async () => {
    const lists = (answer: string) => ({
      [`${answer}_signing_alg_values_supported`]: ['none', 'ES256'],
      [`${answer}_encryption_alg_values_supported`]: ['dir', 'ECDH-ES+A128KW'],
      [`${answer}_encryption_enc_values_supported`]: ['A256GCM'],
    })
    expect((await accept('web', lists('authorization'))).metadata).toMatchObject({
      authorization_signed_response_alg: 'ES256',
      authorization_encrypted_response_alg: 'ECDH-ES+A128KW',
      authorization_encrypted_response_enc: 'A256GCM',
    })
    const { metadata } = await accept('machine', { ...lists('authorization'), ...lists('userinfo') })
    expect(Object.keys(metadata).filter((name) => name.includes('response'))).toEqual(['response_types'])
  })
})
