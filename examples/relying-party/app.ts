/** An app that signs people in with Signet: Koa and openid-client, with a key instead of a secret, PKCE and refresh. */
import Koa from 'koa'
import { createRoutes } from './routes.ts'
import { discover, type AppOptions } from './tokens.ts'

/** Finds the issuer first: rejects when it does not answer. */
export async function createRelyingParty(options: AppOptions): Promise<Koa> {
  const app = new Koa()
  const routes = createRoutes(options, await discover(options))
  app.use(async (ctx, next) => {
    ctx.set({
      'Cache-Control': 'no-store',
      // Chromium applies form-action to the redirect after "Sign out" too.
      'Content-Security-Policy': `default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self' ${new URL(options.issuer).origin}`,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
    })
    await next()
  })
  app.use(async (ctx) => {
    const handler = routes[`${ctx.method === 'HEAD' ? 'GET' : ctx.method} ${ctx.path}`]
    if (handler === undefined) return
    // The cookie is not sent with a form of another site (SameSite); this refuses also what a neighbour port sends.
    const origin = ctx.get('Origin')
    if (ctx.method === 'POST' && origin !== new URL(options.url).origin) ctx.throw(403, 'This form is not of this app.')
    await handler(ctx)
  })
  return app
}
