/**
 * The script of the pages that offer passkeys: inlined, so that its button is there at the first paint and moves
 * nothing, and named in the policy by its digest, so that no other script runs there.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { raw } from '#pages/design/html.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'

/** Drops comments and indentation; what is left is the source, line by line. */
function compact(source: string): string {
  return source
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n')
}

const SCRIPT = compact(readFileSync(new URL('./browser.js', import.meta.url), 'utf8'))

/** It is ours alone, so nothing in it is escaped. It stands behind the forms that it serves. */
export const SCRIPT_ELEMENT = raw(`<script>${SCRIPT}</script>`)

/** What a page with the script must allow: this script and no other, and its asking for a new challenge. */
export const SCRIPT_POLICY: ContentSecurityPolicy = {
  'script-src': [`'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`],
  'connect-src': ["'self'"],
}
