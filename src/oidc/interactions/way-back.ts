/**
 * The cookie that carries the way back to the app, sealed, for an interaction whose row is gone. Anyone can start an
 * interaction, so rows are removed soon after they expire.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Context } from 'koa'
import type { Keyring } from '#sealing/keyring.ts'

const PURPOSE = 'way-back'
const MAX_AGE_MS = 24 * 3600 * 1000
/** A proxy may allow 4096 bytes for the head of an answer, which holds the engine's cookies and our policies too. */
const MAX_LENGTH = 1000
const MAX_CONTENT = 64 * 1024

export interface Way {
  /** The parameters of the request. Only the client, and its redirect URI if it fits, when they are too long. */
  readonly params: Readonly<Record<string, unknown>>
  /** Whether `params` start the same request again. */
  readonly repeatable: boolean
  /** Whether a device waits: the request starts again with its user code. */
  readonly isDevice?: boolean
}

/** Returns whether the parameters of an interaction start it again: not of a pushed request, or of a request object. */
export function isRepeatable(interaction: object): boolean {
  const { parJti, trusted = [] } = interaction as { parJti?: string; trusted?: readonly string[] }
  return parJti === undefined && trusted.length === 0
}

export interface WayBack {
  /** Sets the cookie for the page of an interaction. */
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

  function firstThatFits(uid: string, ways: readonly Way[]): string | undefined {
    for (const way of ways) {
      const sealed = seal(uid, way)
      if (sealed.length <= MAX_LENGTH) return sealed
    }
    return undefined
  }

  return {
    set(ctx, uid, way) {
      const { client_id, redirect_uri } = way.params
      const isDevice = way.isDevice === true ? { isDevice: true } : {}
      const toApp = { params: { client_id, redirect_uri }, repeatable: false, ...isDevice }
      const toClient = { params: { client_id }, repeatable: false, ...isDevice }
      const value = firstThatFits(uid, [way, toApp, toClient])
      if (value === undefined) return
      ctx.cookies.set(name, value, {
        httpOnly: true,
        maxAge: MAX_AGE_MS,
        path: `${base}/interaction/${uid}`,
        sameSite: 'lax',
        secure,
        signed: false,
      })
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
