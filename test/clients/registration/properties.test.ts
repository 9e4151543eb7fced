/** Whatever a client sends to register, it is registered within the rules or refused with reasons. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClientMetadataError } from '#clients/errors.ts'
import { MEMBERS } from '#clients/members/registry.ts'
import { registrationDigest } from '#clients/registration/coalescing.ts'
import { registrationInput } from '#clients/registration/inference.ts'
import { OPEN_POLICY } from '#clients/registration/policy.ts'
import { validateClient } from '#clients/validation.ts'
import { DEPS } from '../least.ts'

const WORDS = [
  'none',
  'client_secret_basic',
  'private_key_jwt',
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'implicit',
  'code',
  'native',
  'web',
  'openid offline_access posts:read',
  'https://app.example.com/cb',
  'http://127.0.0.1:5000/cb',
  'com.example.app:/cb',
  'cursor://x/cb',
  'javascript:alert(1)',
]
const word = fc.constantFrom(...WORDS)
const value = fc.oneof(word, fc.array(word, { maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }))
const name = fc.oneof(fc.constantFrom(...MEMBERS.map((member) => member.name)), fc.string())
const metadata = fc.dictionary(name, value, { maxKeys: 8 })

async function check(sent: Record<string, unknown>) {
  const input = registrationInput(sent, { policy: OPEN_POLICY, offers: DEPS.offers })
  return validateClient(DEPS, { ...input, origin: 'registration' }, undefined)
}

/** Returns what is registered, or undefined for a refusal. */
async function registered(sent: Record<string, unknown>) {
  try {
    return await check(sent)
  } catch (error) {
    expect(error).toBeInstanceOf(ClientMetadataError)
    expect((error as ClientMetadataError).faults.length).toBeGreaterThan(0)
    return undefined
  }
}

test('anything is registered or refused with its faults, and nobody gets what an administrator gives', async () => {
  await fc.assert(
    fc.asyncProperty(metadata, async (sent) => {
      const fields = await registered(sent)
      if (!fields) return
      expect(['web', 'spa', 'native', 'device']).toContain(fields.profile)
      expect(fields.allowances).toEqual([])
      expect(fields.metadata['grant_types']).not.toContain('client_credentials')
      for (const member of ['signet_introspect', 'signet_verified', 'signet_pkce', 'signet_redirect_schemes']) {
        expect(fields.metadata).not.toHaveProperty(member)
      }
      const uris = (fields.metadata['redirect_uris'] ?? []) as string[]
      for (const uri of uris) expect(uri).toMatch(/^(https:\/\/|http:\/\/127|com\.example)/)
    }),
    { numRuns: 2000 },
  )
})

test('the order of members and an unknown one make no other client', async () => {
  const known = fc.record({
    client_name: fc.constantFrom('a', 'b'),
    redirect_uris: fc.constantFrom(['https://app.example.com/cb'], ['http://127.0.0.1:5000/cb']),
    token_endpoint_auth_method: fc.constant('none'),
    scope: fc.constantFrom('openid', 'openid email'),
  })
  await fc.assert(
    fc.asyncProperty(known, fc.string(), async (sent, unknown) => {
      const turned = Object.fromEntries(Object.entries(sent).toReversed())
      const one = registrationDigest(await check(sent))
      expect(registrationDigest(await check({ ...turned, [`x_${unknown}`]: unknown }))).toEqual(one)
      expect(registrationDigest(await check({ ...sent, client_name: 'c' }))).not.toEqual(one)
    }),
    { numRuns: 200 },
  )
})
