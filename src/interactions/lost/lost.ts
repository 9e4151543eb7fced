/** Shows a page when an interaction is lost, for all steps. */
import type { Context, Next } from 'koa'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { InteractionLost } from '#oidc/interactions/interaction-gateway.ts'
import { lostPage } from './page.ts'

/** Middleware that answers InteractionLost with its page, or redirects to it. Other errors pass. */
export async function withoutDeadEnds(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    if (!(error instanceof InteractionLost)) throw error
    if (error.pageUrl !== undefined) {
      ctx.redirect(error.pageUrl)
      ctx.status = 303
      return
    }
    const language = chooseLanguage(ctx)
    await sendPage(ctx, { language, ...lostPage(language, error) })
  }
}
