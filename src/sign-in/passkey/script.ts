/**
 * Provides the inline script of pages that offer passkeys. Inlined, it shows the button at first paint without a layout
 * shift. The page's policy allows the script by its digest and no other script.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { raw } from '#pages/design/html.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'

/** Removes comments, indentation and empty lines. */
function compact(source: string): string {
  return source
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n')
}

const SCRIPT = compact(readFileSync(new URL('./browser.js', import.meta.url), 'utf8'))

/** The script element. It contains no input, so nothing is escaped. Put it after the forms that it handles. */
export const SCRIPT_ELEMENT = raw(`<script>${SCRIPT}</script>`)

/** The policy of a page with the script: it allows this script only, and its requests for new challenges. */
export const SCRIPT_POLICY: ContentSecurityPolicy = {
  'script-src': [`'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`],
  'connect-src': ["'self'"],
}
