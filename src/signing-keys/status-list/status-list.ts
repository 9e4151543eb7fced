/** Builds signed status lists, which say compactly for many tokens whether they are valid (Token Status List). */
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { importJWK, type JWK, SignJWT } from 'jose'
import type { KeySet } from '../signing-key.ts'

/** Status indexes in one list: 16 KiB before compression. */
export const LIST_SIZE = 131_072
/** How long a fetched list may be cached, in seconds. */
export const LIST_LIFETIME = 60
/** How long a built list is reused. */
const REBUILD_MS = 1000

export interface StatusSource {
  /**
   * Returns the first status index whose tokens can be valid, and the highest one that was issued (undefined when none
   * was).
   */
  bounds(): Promise<{ readonly first: number; readonly last: number | undefined }>
  /** Returns the status indexes in [`from`, `to`) whose tokens are invalid. */
  invalid(from: number, to: number): Promise<number[]>
}

export interface StatusLists {
  /** Returns the list as a JWT of type `statuslist+jwt`, or undefined when there is no such list. */
  get(id: number): Promise<string | undefined>
  /** Returns the `status` claim of a token with this status index. */
  claim(index: string): { status_list: { idx: number; uri: string } }
}

interface StatusListsDeps {
  readonly issuer: string
  readonly source: StatusSource
  readonly keys: () => KeySet
}

export function createStatusLists({ issuer, source, keys }: StatusListsDeps): StatusLists {
  const built = new Map<number, { at: number; token: Promise<string> }>()
  let allInvalid: Promise<string> | undefined
  const uriOf = (id: number) => `${issuer}/status-lists/${id}`

  async function build(id: number): Promise<string> {
    const indexes = await source.invalid(id * LIST_SIZE, (id + 1) * LIST_SIZE)
    return sign(id, await encodeList(indexes.map((index) => index - id * LIST_SIZE)))
  }

  async function sign(id: number, lst: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const jwk = keys().privateJwks.find(({ alg }) => alg === 'ES256') as JWK
    return new SignJWT({ status_list: { bits: 1, lst }, ttl: LIST_LIFETIME, sub: uriOf(id) })
      .setProtectedHeader({ alg: 'ES256', typ: 'statuslist+jwt', ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
      .setIssuedAt(now)
      .setExpirationTime(now + LIST_LIFETIME)
      .sign(await importJWK(jwk, 'ES256'))
  }

  return {
    async get(id) {
      const cached = built.get(id)
      if (cached && performance.now() - cached.at < REBUILD_MS) return cached.token
      const { first, last } = await source.bounds()
      if (!Number.isSafeInteger(id * LIST_SIZE) || id < 0 || id * LIST_SIZE > (last ?? first)) return undefined
      // a list from before a restore: which indexes were issued is unknown, and everything that they stood for has
      // ended
      if ((id + 1) * LIST_SIZE <= first)
        return sign(id, await (allInvalid ??= encodeList(Array.from({ length: LIST_SIZE }, (_, index) => index))))
      const token = build(id)
      built.set(id, { at: performance.now(), token })
      token.catch(() => built.delete(id))
      return token
    },
    claim(statusIndex) {
      const index = Number(statusIndex)
      return { status_list: { idx: index % LIST_SIZE, uri: uriOf(Math.floor(index / LIST_SIZE)) } }
    },
  }
}

/**
 * Encodes a list (Token Status List §4.1): one bit for each index, the first in the lowest bit of the first byte,
 * compressed with zlib.
 */
export async function encodeList(invalid: readonly number[]): Promise<string> {
  const bytes = Buffer.alloc(LIST_SIZE / 8)
  for (const index of invalid) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7))
  return (await promisify(deflate)(bytes, { level: 9 })).toString('base64url')
}
