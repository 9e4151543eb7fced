/** Invalid options of introspection are refused when the verifier is created. */
import { describe, expect, test } from 'vitest'
import { accessTokens, type AccessTokensOptions } from '#resource-server/index.ts'
import { audience } from './test-issuer.ts'

function aVerifier(introspection: object = {}, also: Partial<AccessTokensOptions> = {}) {
  const client = { clientId: 'api', clientSecret: 'a secret', ...introspection }
  return accessTokens({ issuer: 'https://id.example.com', audience, introspection: client, ...also })
}

describe('an option', () => {
  const none = 'introspection needs one of the options clientSecret and privateKey'
  const wrong: [object, string][] = [
    [{ clientId: '' }, 'introspection needs the option clientId'],
    [{ clientSecret: undefined }, none],
    [{ clientSecret: '' }, none],
    [{ privateKey: { kty: 'EC', d: 'a', alg: 'ES256' } }, none],
    [
      { clientSecret: undefined, privateKey: { kty: 'EC', alg: 'ES256' } },
      'the option introspection.privateKey must be a private JWK with its alg',
    ],
    [
      { clientSecret: undefined, privateKey: { kty: 'EC', d: 'a' } },
      'the option introspection.privateKey must be a private JWK with its alg',
    ],
    [{ cacheSeconds: -1 }, 'the option introspection.cacheSeconds must be a number of seconds, 0 or more'],
  ]
  test.each(wrong)('that is invalid is refused at once (%#)', (option, sentence) => {
    expect(() => aVerifier(option)).toThrow(new TypeError(sentence))
  })

  test('for the status list cannot be combined with it', () => {
    const sentence = 'set only one of the options statusList and introspection: both check for revoked tokens'
    expect(() => aVerifier({}, { statusList: true })).toThrow(new TypeError(sentence))
  })
})
