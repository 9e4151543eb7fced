/** Error pages for what fails outside the engine: an unknown path, a bug, a database that cannot answer. */
import type { ErrorPage } from '#http/error-handler.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { errorPage } from './page.ts'

/** The renderer that the error handler is handed. */
export function createErrorRenderer(issuer: string): ErrorPage {
  const home = new URL(issuer).pathname
  return async (ctx, { status, code, description, requestId }) => {
    const language = chooseLanguage(ctx)
    // A mistyped address needs no explanation.
    const exact = status === 404 ? {} : { code, detail: description }
    const page = errorPage({ language, status, ...exact, requestId, home })
    await sendPage(ctx, { language, ...page, status })
  }
}
