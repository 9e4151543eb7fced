/**
 * The cookie that carries the way back to the app, sealed, for an interaction whose row is gone. Anyone can start an
 * interaction, so rows are removed soon after they expire.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Context } from 'koa'
import type { Keyring } from '#sealing/keyring.ts'

const PURPOSE = 'way-back'
const MAX_AGE_MS = 24 * 3600 * 1000
/** RFC 6265 §6.1: browsers keep cookies of at least 4096 bytes, name and attributes included. */
const MAX_LENGTH = 3600
const MAX_CONTENT = 64 * 1024

export interface Way {
  /** The parameters of the request. Only the client and its redirect URI when they are too long for a cookie. */
  readonly params: Readonly<Record<string, unknown>>
  /** Whether `params` start the same request again. */
  readonly repeatable: boolean
}

export interface WayBack {
  /** Sets the cookie for the paths of an interaction. */
  set(ctx: Context, uid: string, way: Way): void
  /** Returns the way back of this browser's interaction; undefined without a valid cookie. */
  read(ctx: Context, uid: string): Way | undefined
}

export function createWayBack({
  issuer,
  keyring,
}: {
  issuer: string
  keyring: Pick<Keyring, 'seal' | 'open'>
}): WayBack {
  const { pathname, protocol } = new URL(issuer)
  const base = pathname.replace(/\/$/, '')
  const secure = protocol === 'https:'
  const name = secure ? '__Secure-signet_way_back' : 'signet_way_back'

  function seal(uid: string, way: Way): string {
    return keyring.seal(PURPOSE, deflateRawSync(JSON.stringify(way)), uid).toString('base64url')
  }

  return {
    set(ctx, uid, way) {
      const { client_id, redirect_uri } = way.params
      const whole = seal(uid, way)
      const value =
        whole.length <= MAX_LENGTH ? whole : seal(uid, { params: { client_id, redirect_uri }, repeatable: false })
      for (const path of [`${base}/interaction/${uid}`, `${base}/authorize/${uid}`]) {
        ctx.cookies.set(name, value, {
          httpOnly: true,
          maxAge: MAX_AGE_MS,
          path,
          sameSite: 'lax',
          secure,
          signed: false,
        })
      }
    },
    read(ctx, uid) {
      const value = ctx.cookies.get(name, { signed: false })
      if (value === undefined) return undefined
      try {
        const content = keyring.open(PURPOSE, Buffer.from(value, 'base64url'), uid)
        return JSON.parse(inflateRawSync(content, { maxOutputLength: MAX_CONTENT }).toString()) as Way
      } catch {
        // of another interaction, or sealed under a master key that is gone
        return undefined
      }
    },
  }
}
