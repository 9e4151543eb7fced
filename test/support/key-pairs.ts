/** Signing keys for servers: real ones, which the files that one process runs use again, for an RSA key takes a while. */
import { generateSigningKeyPair } from '#signing-keys/key-pair.ts'
import type { GenerateKeyPair } from '#signing-keys/key-changes.ts'

type Pair = ReturnType<GenerateKeyPair>

const made: Partial<Record<string, Pair[]>> = {}
let given: Record<string, number> = {}

/** Returns a key pair that no server of this test file has had. */
export const nextKeyPair: GenerateKeyPair = (alg) => {
  const index = given[alg] ?? 0
  given[alg] = index + 1
  const pairs = (made[alg] ??= [])
  return (pairs[index] ??= generateSigningKeyPair(alg))
}

/** Makes the pairs of earlier files available; called by a vitest setup file. */
export function reuseKeyPairs(): void {
  given = {}
}
