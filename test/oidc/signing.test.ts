import { constants, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { ExternalSigningKey } from 'oidc-provider'
import { expect, test } from 'vitest'
import type { SigningAlg } from '#signing-keys/signing-key.ts'
import { engineKeys } from '../../src/oidc/configuration/signing.ts'

/** The engine's key of one pair, and what its signatures are checked with. */
function engineKey(alg: SigningAlg) {
  const pair =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...pair.privateKey.export({ format: 'jwk' }), kid: alg, alg }
  const [key] = engineKeys({ version: '1', keys: [], archivedKeys: [], privateJwks: [jwk] }).keys
  if (!(key instanceof ExternalSigningKey)) throw new TypeError('the engine would sign by itself')
  return { key, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }
}

test('an ES256 signature is two numbers of 32 bytes whatever their length in DER (RFC 7518 §3.4)', async () => {
  const { key, publicKey } = engineKey('ES256')
  const padded = { first: 0, second: 0 }
  // one number in 256 is shorter than 32 bytes: 3,000 signatures have some dozen of each
  for (let index = 0; index < 3000; index += 1) {
    const data = Buffer.from(`signed ${index}`)
    const signature = await key.sign(data)
    expect(signature).toHaveLength(64)
    if (!verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)) {
      expect.fail(`${Buffer.from(signature).toString('hex')} does not verify`)
    }
    if (signature[0] === 0) padded.first += 1
    if (signature[32] === 0) padded.second += 1
  }
  expect(Math.min(padded.first, padded.second)).toBeGreaterThan(0)
})

test('an RS256 signature is made and verifies (RFC 7518 §3.3)', async () => {
  const { key, publicKey } = engineKey('RS256')
  const data = Buffer.from('signed')
  expect(verify('sha256', data, publicKey, await key.sign(data))).toBe(true)
})

test('a PS256 signature has a salt as long as its hash (RFC 7518 §3.5)', async () => {
  const { key, publicKey } = engineKey('PS256')
  const data = Buffer.from('signed')
  const pss = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  expect(verify('sha256', data, pss, await key.sign(data))).toBe(true)
})
