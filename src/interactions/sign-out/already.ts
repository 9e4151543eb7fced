/** A sign-out asked for where nobody is signed in: there is nothing to ask, so the way leads on at once. */
import type { Context } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { signedOutPage } from './page.ts'

/** How the engine answers then: a form that a script of its own sends, which our policy would stop. */
const SCRIPTED_FORM = '<title>Submitting Callback</title>'

/**
 * Replaces the engine's scripted form by where it would lead: the app's own address for this, which the engine has
 * checked (RP-Initiated Logout 1.0 §3), or the page that says so.
 */
export async function leadOnFromSignOut(ctx: Context): Promise<void> {
  const { oidc } = ctx as Partial<KoaContextWithOIDC>
  if (oidc?.route !== 'end_session' || oidc.session?.accountId !== undefined) return
  if (typeof ctx.body !== 'string' || !ctx.body.includes(SCRIPTED_FORM)) return
  const { post_logout_redirect_uri: address, state, ui_locales: uiLocales } = oidc.params ?? {}
  if (typeof address !== 'string') {
    const language = chooseLanguage(ctx, { uiLocales })
    await sendPage(ctx, { language, ...signedOutPage(language, oidc.client?.clientName) })
    return
  }
  const target = new URL(address)
  if (typeof state === 'string') target.searchParams.set('state', state)
  ctx.redirect(target.href)
  ctx.status = 303
}
