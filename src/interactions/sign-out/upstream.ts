/** Continues a sign-out at the upstream provider that the person signed in with, and then returns. */
import type { Context } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'

/** The `amr` value of sessions that an upstream provider vouched for. */
const FEDERATED = 'fed'

export interface UpstreamSignOut {
  /** Sets a cookie that remembers the provider used in this browser. It does not sign anyone in. */
  remember(ctx: Context, upstream: string): void
  /** Returns where the sign-out form may redirect to, for the page's policy. */
  target(ctx: Context): Promise<string | undefined>
  /** After a sign-out, redirects to the provider's sign-out instead, if it is enabled. */
  leadOn(ctx: Context): Promise<void>
  /** Serves `<issuer>/upstream/signed-out`: redirects (303) to the original target of the sign-out. */
  back(ctx: Context): void
}

export interface UpstreamSignOutDeps {
  readonly issuer: string
  readonly upstreamSignIn: Pick<UpstreamSignIn, 'signOutUrl' | 'afterSignOut'>
}

export function createUpstreamSignOut({ issuer, upstreamSignIn }: UpstreamSignOutDeps): UpstreamSignOut {
  const secure = issuer.startsWith('https:')
  const name = secure ? '__Host-signet-upstream' : 'signet-upstream'
  const options = { httpOnly: true, overwrite: true, path: '/', sameSite: 'lax', secure, signed: false } as const

  /** Returns the provider's sign-out URL, or undefined on errors: a provider that is down must not block a sign-out. */
  async function urlFor(ctx: Context, returnTo: string): Promise<URL | undefined> {
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    const upstream = ctx.cookies.get(name, { signed: false })
    if (upstream === undefined || !oidc?.session?.amr?.includes(FEDERATED)) return undefined
    return upstreamSignIn.signOutUrl(upstream, returnTo).catch(() => undefined)
  }

  return {
    remember: (ctx, upstream) => void ctx.cookies.set(name, upstream, options),
    target: async (ctx) => (await urlFor(ctx, issuer))?.href,

    async leadOn(ctx) {
      const { oidc } = ctx as Partial<KoaContextWithOIDC>
      // the form confirms a sign-out; one with the session's own hint needs no confirmation
      const isSignOut = oidc?.route === 'end_session_confirm' || oidc?.route === 'end_session'
      if (!isSignOut || oidc.params?.['logout'] === undefined || ctx.status !== 303) return
      const url = await urlFor(ctx, ctx.response.get('location'))
      ctx.cookies.set(name, null, options)
      if (!url) return
      ctx.redirect(url.href)
      ctx.status = 303
    },

    back(ctx) {
      const { state } = ctx.query
      const returnTo = typeof state === 'string' ? upstreamSignIn.afterSignOut(state) : undefined
      ctx.redirect(returnTo ?? new URL(issuer).pathname)
      ctx.status = 303
    },
  }
}
