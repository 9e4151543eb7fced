/** Handles a sign-out when nobody is signed in: there is nothing to ask, so it redirects at once. */
import type { Context } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { signedOutPage } from './page.ts'

/** Identifies the engine's answer in this case: a form sent by an inline script, which our policy blocks. */
const SCRIPTED_FORM = '<title>Submitting Callback</title>'

/**
 * Replaces the engine's scripted form with a redirect to its target: the app's post-logout URL, which the engine has
 * checked (RP-Initiated Logout 1.0 §3). Without one, shows that the person is signed out.
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
