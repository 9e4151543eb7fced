/** Signed lists that tell of many tokens in a few bytes whether they are still valid (Token Status List). */
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { importJWK, type JWK, SignJWT } from 'jose'
import type { KeySet } from '../signing-key.ts'

/** Places in one list: 16 KiB before compression. */
export const LIST_SIZE = 131_072
/** Seconds for which a fetched list may be believed. */
export const LIST_LIFETIME = 60
/** How long a built list is handed out again. */
const REBUILD_MS = 1000

export interface StatusSource {
  /** The first place whose tokens may be valid, and the highest that was given, or undefined when none was. */
  bounds(): Promise<{ readonly first: number; readonly last: number | undefined }>
  /** The places from `from` up to, not including, `to` whose tokens are not valid any more. */
  invalid(from: number, to: number): Promise<number[]>
}

export interface StatusLists {
  /** The list as a JWT of type `statuslist+jwt`; undefined when there is no such list. */
  get(id: number): Promise<string | undefined>
  /** The `status` claim of a token with this place. */
  claim(index: string): { status_list: { idx: number; uri: string } }
}

interface StatusListsDeps {
  readonly issuer: string
  readonly source: StatusSource
  readonly keys: () => KeySet
}

export function createStatusLists({ issuer, source, keys }: StatusListsDeps): StatusLists {
  const built = new Map<number, { at: number; token: Promise<string> }>()
  let nothingValid: Promise<string> | undefined
  const uriOf = (id: number) => `${issuer}/status-lists/${id}`

  async function build(id: number): Promise<string> {
    const places = await source.invalid(id * LIST_SIZE, (id + 1) * LIST_SIZE)
    return sign(id, await encodeList(places.map((place) => place - id * LIST_SIZE)))
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
      const kept = built.get(id)
      if (kept && performance.now() - kept.at < REBUILD_MS) return kept.token
      const { first, last } = await source.bounds()
      if (!Number.isSafeInteger(id * LIST_SIZE) || id < 0 || id * LIST_SIZE > (last ?? first)) return undefined
      // before a restore: nobody knows which of its places were given, and all that they stood for has ended
      if ((id + 1) * LIST_SIZE <= first)
        return sign(id, await (nothingValid ??= encodeList(Array.from({ length: LIST_SIZE }, (_, place) => place))))
      const token = build(id)
      built.set(id, { at: performance.now(), token })
      token.catch(() => built.delete(id))
      return token
    },
    claim(index) {
      const place = Number(index)
      return { status_list: { idx: place % LIST_SIZE, uri: uriOf(Math.floor(place / LIST_SIZE)) } }
    },
  }
}

/** Token Status List §4.1: one bit a place, the first in the lowest bit of the first byte, compressed with zlib. */
export async function encodeList(invalid: readonly number[]): Promise<string> {
  const bytes = Buffer.alloc(LIST_SIZE / 8)
  for (const place of invalid) bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7))
  return (await promisify(deflate)(bytes, { level: 9 })).toString('base64url')
}
