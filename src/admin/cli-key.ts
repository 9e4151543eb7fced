/** The private key of the machine client `signet-cli`, stored in the keys directory. */
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { KeyFileError, makePrivateFile, readPrivateFile } from '#config/key-files.ts'

export function cliKeyPath(keysDir: string): string {
  return join(keysDir, 'admin-cli.jwk.json')
}

/** Creates the key file unless it exists, and returns the public key when it was created. Never overwrites a file. */
export function makeCliKey(keysDir: string): JWK | undefined {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' })
  // RFC 7638 §3.2 requires the members of an EC key in this order.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  const privateJwk = { kty, crv, x, y, d, kid, alg: 'ES256', use: 'sig' }
  const made = makePrivateFile(cliKeyPath(keysDir), `${JSON.stringify(privateJwk, undefined, 2)}\n`)
  return made ? readCliPublicKey(keysDir) : undefined
}

/**
 * Reads the public key from the key file; undefined when there is no file. Throws KeyFileError when it is not a private
 * JWK.
 */
export function readCliPublicKey(keysDir: string): JWK | undefined {
  const path = cliKeyPath(keysDir)
  const content = readPrivateFile(path)
  if (content === undefined) return undefined
  try {
    const { kid, alg, ...privateJwk } = JSON.parse(content) as JWK
    const key = createPublicKey({ key: { ...privateJwk }, format: 'jwk' }).export({ format: 'jwk' })
    return { ...key, ...(kid ? { kid } : {}), alg: alg ?? 'ES256', use: 'sig' }
  } catch (cause) {
    const todo = 'put it back from its copy, or move it away and run "signet recover"'
    throw new KeyFileError(`${path} is not a private key in JWK form: ${todo}.`, { cause })
  }
}
