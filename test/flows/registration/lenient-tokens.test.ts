/** What an initial access token gives to clients of older libraries: requests without PKCE, and another audience. */
import { exportJWK, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import { assertionParams } from '../../support/assertion.ts'
import { register, registrationRequest } from '../../support/registration.ts'
import { CALLBACK, registrationWorld } from '../../support/registration-world.ts'

const WEB = { redirect_uris: [CALLBACK] }
const { server, admin } = await registrationWorld('token')

async function issue(policy: Record<string, unknown> = {}): Promise<string> {
  return (await admin.call<{ token: string }>('POST', '/registration-tokens', { max_uses: 3, ...policy })).token
}

test('PKCE is left to confidential web clients where the policy says so, and to no other', async () => {
  const [lenient, strict] = [await issue({ pkce: 'optional' }), await issue()]
  const answerOf = async (metadata: Record<string, unknown>, by: string) => {
    const { status, body } = await register(server, metadata, by)
    expect(status).toBe(201)
    // the policy gives it, so the client is not told and cannot change it
    expect(body).not.toHaveProperty('signet_pkce')
    const query = {
      client_id: String(body['client_id']),
      response_type: 'code',
      scope: 'openid',
      redirect_uri: CALLBACK,
    }
    const response = await server.fetch(`/authorize?${new URLSearchParams(query).toString()}`, { redirect: 'manual' })
    return new URL(response.headers.get('location') ?? '', server.issuer)
  }
  expect((await answerOf(WEB, lenient)).pathname).toMatch(/^\/interaction\//)
  for (const refused of [
    await answerOf(WEB, strict),
    await answerOf({ ...WEB, token_endpoint_auth_method: 'none' }, lenient),
  ]) {
    expect(Object.fromEntries(refused.searchParams)).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('code_challenge'),
    })
  }
})

test('assertions may name the token endpoint where the policy says so, unless the client chooses otherwise', async () => {
  const lenient = await issue({ assertion_audience: 'token_endpoint' })
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const about = { alg: 'ES256', use: 'sig', kid: 'k1' }
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), ...about }] }
  const key = { ...(await exportJWK(privateKey)), ...about }
  const metadata = { ...WEB, token_endpoint_auth_method: 'private_key_jwt', jwks }
  const { body } = await register(server, metadata, lenient)
  expect(body).toMatchObject({ signet_assertion_audience: 'token_endpoint' })

  const errorOf = async (clientId: unknown) => {
    const claims = { aud: `${server.issuer}/token` }
    const own = await assertionParams({ issuer: server.issuer, clientId: String(clientId), key, claims })
    const form = new URLSearchParams({ ...own, grant_type: 'refresh_token', refresh_token: 'none' })
    const response = await server.fetch('/token', { method: 'POST', body: form })
    return ((await response.json()) as { error: string }).error
  }
  expect(await errorOf(body['client_id'])).toBe('invalid_grant')
  // a replacement that does not name the audience keeps it
  const held = {
    metadata: { ...metadata, client_id: body['client_id'] },
    token: String(body['registration_access_token']),
  }
  const replaced = await registrationRequest(server, 'PUT', String(body['client_id']), held)
  expect(replaced.body).toMatchObject({ signet_assertion_audience: 'token_endpoint' })

  const strict = await register(server, { ...metadata, signet_assertion_audience: 'issuer' }, lenient)
  expect(await errorOf(strict.body['client_id'])).toBe('invalid_client')
  const secret = await register(server, WEB, lenient)
  expect(secret).toMatchObject({ status: 201, body: { token_endpoint_auth_method: 'client_secret_basic' } })
  expect(secret.body).not.toHaveProperty('signet_assertion_audience')
})
