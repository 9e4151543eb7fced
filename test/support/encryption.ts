/** The key of a client that gets encrypted answers, and what is inside an answer. */
import {
  compactDecrypt,
  type CompactJWEHeaderParameters,
  createRemoteJWKSet,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  jwtVerify,
} from 'jose'

export interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** Makes a key pair; its JWK has `members`. */
export async function aKey(alg: string, members: JWK = { use: 'enc', kid: 'e1' }): Promise<KeyPair> {
  const pair = await generateKeyPair(alg, { extractable: true })
  return { privateKey: pair.privateKey, publicJwk: { ...(await exportJWK(pair.publicKey)), ...members } }
}

export interface Opened {
  readonly header: CompactJWEHeaderParameters
  readonly payload: JWTPayload
  /** The signed JWT inside. */
  readonly jws: string
}

/** Decrypts with the key, then verifies that the issuer signed what is inside for the client. */
export async function decrypted(
  jwe: unknown,
  { issuer, privateKey, audience }: { issuer: string; privateKey: CryptoKey; audience: string },
): Promise<Opened> {
  const { plaintext, protectedHeader } = await compactDecrypt(String(jwe), privateKey)
  const jws = new TextDecoder().decode(plaintext)
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const { payload } = await jwtVerify(jws, keys, { issuer, audience })
  return { header: protectedHeader, payload, jws }
}
