/** What an OpenID client chooses when it registers itself: its subjects, and how its answers are signed and encrypted. */
import { compactDecrypt, decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import { keysHost } from '../../support/keys-host.ts'
import { person } from '../../support/person.ts'
import { register } from '../../support/registration.ts'
import { ada, CALLBACK, registrationWorld } from '../../support/registration-world.ts'

const { server, admin, appOf } = await registrationWorld('open')

test('a client lists what it supports, is told what was chosen, and gets its answers that way', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ECDH-ES', { extractable: true })
  const host = await keysHost([])
  host.answer.body = JSON.stringify([CALLBACK])
  const { status, body } = await register(server, {
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'none',
    jwks: { keys: [{ ...(await exportJWK(publicKey)), use: 'enc', kid: 'e1' }] },
    sector_identifier_uri: host.url,
    subject_types_supported: ['pairwise', 'public'],
    id_token_signing_alg_values_supported: ['EdDSA', 'ES256'],
    id_token_encryption_alg_values_supported: ['RSA1_5', 'ECDH-ES'],
    id_token_encryption_enc_values_supported: ['A256GCM'],
  })
  expect(status).toBe(201)
  expect(body).toMatchObject({
    subject_type: 'pairwise',
    sector_identifier_uri: host.url,
    id_token_signed_response_alg: 'ES256',
    id_token_encrypted_response_alg: 'ECDH-ES',
    id_token_encrypted_response_enc: 'A256GCM',
  })
  expect(Object.keys(body).filter((name) => name.endsWith('_supported'))).toEqual([])
  const app = appOf(String(body['client_id']))
  const tokens = await app.redeem(
    await app.code(
      person(() => server),
      ada,
    ),
  )
  const { plaintext, protectedHeader } = await compactDecrypt(String(tokens.body['id_token']), privateKey)
  expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', kid: 'e1' })
  expect(decodeJwt(new TextDecoder().decode(plaintext)).sub).toMatch(/^pair-/)
})

test('a sector that does not list its redirect URIs is refused as client metadata', async () => {
  const host = await keysHost([])
  host.answer.body = '[]'
  const metadata = { redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none', subject_type: 'pairwise' }
  const { status, body, headers } = await register(server, { ...metadata, sector_identifier_uri: host.url })
  expect([status, body['error']]).toEqual([400, 'invalid_client_metadata'])
  expect(String(body['error_description'])).toContain(`it does not list ${CALLBACK}`)
  const event = await admin.eventOf('endpoint.refused', headers)
  const reason = expect.stringMatching(/^invalid_client_metadata: .*it does not list/) as string
  expect(event).toMatchObject({ outcome: 'failure', reason })
})
