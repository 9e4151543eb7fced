/** Escaped HTML: made by hono's `html` tag alone, so that no text reaches a page unescaped. */
import type { html } from 'hono/html'

export type Html = ReturnType<typeof html>
