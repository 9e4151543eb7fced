/** Turns a lost interaction into its page, whatever step met it. */
import type { Context, Next } from 'koa'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { InteractionLost } from '#oidc/interactions/interaction-gateway.ts'
import { lostPage } from './page.ts'

/** Middleware: an InteractionLost from below is answered with its page; other errors pass. */
export async function withoutDeadEnds(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    if (!(error instanceof InteractionLost)) throw error
    const language = chooseLanguage(ctx)
    await sendPage(ctx, { language, ...lostPage(language, error) })
  }
}
