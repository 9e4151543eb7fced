/** Reads and sets the cookie that recognizes a browser (KnownDevices). It does not sign anyone in. */
import type { Context } from 'koa'
import type { KnownDevices } from '#sign-in/known-devices.ts'

const MAX_AGE_MS = 180 * 24 * 3600 * 1000

export interface DeviceCookie {
  /** Returns the browser's token, to pass along with an attempt. */
  read(ctx: Context): string | undefined
  /** Returns whether the account signed in with this browser before. */
  isKnown(ctx: Context, accountId: string): boolean
  /** Updates the cookie after a sign-in of the account. */
  remember(ctx: Context, accountId: string): void
}

export function createDeviceCookie(deps: {
  issuer: string
  devices: Pick<KnownDevices, 'idFor' | 'remember'>
}): DeviceCookie {
  const secure = deps.issuer.startsWith('https:')
  const name = secure ? '__Host-signet-device' : 'signet-device'
  const read = (ctx: Context) => ctx.cookies.get(name, { signed: false })
  return {
    read,
    isKnown: (ctx, accountId) => deps.devices.idFor(read(ctx), accountId) !== undefined,
    remember(ctx, accountId) {
      ctx.cookies.set(name, deps.devices.remember(read(ctx), accountId), {
        httpOnly: true,
        maxAge: MAX_AGE_MS,
        overwrite: true,
        path: '/',
        sameSite: 'lax',
        secure,
        signed: false,
      })
    },
  }
}
