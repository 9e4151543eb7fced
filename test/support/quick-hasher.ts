/** Real hashes that cost a fiftieth, for servers whose tests are about something else. */
import { createHasher, type Hasher, type HasherOptions } from '#sign-in/hashing.ts'

export function createQuickHasher(options: HasherOptions): Hasher {
  return createHasher({ ...options, parameters: { memoryCost: 64, timeCost: 1, parallelism: 1 } })
}
