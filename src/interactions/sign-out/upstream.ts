/** After a sign-out here: on to the provider that the person signed in with, and from there to where they were to go. */
import type { Context } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'

/** How a session knows that a provider vouched for its person. */
const FEDERATED = 'fed'

export interface UpstreamSignOut {
  /** Remembers in this browser which provider its person signed in with; it signs nobody in. */
  remember(ctx: Context, upstream: string): void
  /** Where the form of the sign-out page may lead to by redirects. */
  target(ctx: Context): Promise<string | undefined>
  /** Replaces where the engine leads after a sign-out by the provider's own sign-out, where that is wanted. */
  leadOn(ctx: Context): Promise<void>
  /** `<issuer>/upstream/signed-out`: 303 to where the sign-out was to lead. */
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

  /** A provider that does not answer keeps nobody from signing out here. */
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
      if (oidc?.route !== 'end_session_confirm' || oidc.params?.['logout'] === undefined || ctx.status !== 303) return
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
