/** Escaped HTML: made by the tag `html` alone, so that no text reaches a page unescaped. */
import { html, raw } from 'hono/html'

export { html, raw }
export type Html = ReturnType<typeof html>
