/** Escaped HTML: only the tag `html` creates it, so that no text reaches a page unescaped. */
import { html, raw } from 'hono/html'

export { html, raw }
export type Html = ReturnType<typeof html>
