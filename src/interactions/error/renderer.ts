/** Renders error pages for failures outside the engine: unknown paths, bugs, an unavailable database. */
import type { ErrorPage } from '#http/error-handler.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { errorPage } from './page.ts'

/** Creates the renderer for the error handler. */
export function createErrorRenderer(issuer: string): ErrorPage {
  const home = new URL(issuer).pathname
  return async (ctx, { status, code, description, requestId }) => {
    const language = chooseLanguage(ctx)
    // a mistyped URL needs no details
    const exact = status === 404 ? {} : { code, detail: description }
    const page = errorPage({ language, status, ...exact, requestId, home })
    await sendPage(ctx, { language, ...page, status })
  }
}
