/** Serves `/.well-known/passkey-endpoints`, which points password managers to the page where people manage passkeys. */
import type { Middleware } from 'koa'

export const PASSKEY_ENDPOINTS_PATH = '/.well-known/passkey-endpoints'
/** Browsers and password managers may cache it for a day. */
const CACHE = 'public, max-age=86400'

/** Creates the middleware (W3C, A Well-Known URL for Passkey Endpoints). Other paths and methods pass. */
export function createPasskeyEndpoints({ issuer }: { readonly issuer: string }): Middleware {
  const page = `${issuer.replace(/\/$/, '')}/account`
  return async (ctx, next) => {
    if (ctx.path !== PASSKEY_ENDPOINTS_PATH || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) {
      await next()
      return
    }
    ctx.set({
      'Cache-Control': CACHE,
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    })
    ctx.body = { enroll: page, manage: page }
  }
}
