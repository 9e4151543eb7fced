/** Holds every `error_description` to what OAuth allows, wherever an answer carries one. */
import type { Context, Middleware } from 'koa'

const MAX_LENGTH = 500
const ELLIPSIS = '...'

/** Plain spellings of characters that our sentences and the values they repeat often have. */
const PLAIN: Readonly<Record<string, string>> = {
  '"': "'",
  '\\': '/',
  '…': ELLIPSIS,
  '–': '-',
  '—': '-',
  '‘': "'",
  '’': "'",
  '“': "'",
  '”': "'",
}
/** RFC 6749 §4.1.2.1, §5.2 and RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E. */
const NOT_ALLOWED = /[^\x20-\x21\x23-\x5B\x5D-\x7E]/gu

/** Returns the text with other characters replaced, of at most 500 characters. */
export function asErrorDescription(text: string): string {
  const plain = text.replaceAll(NOT_ALLOWED, (character) => PLAIN[character] ?? (/\s/u.test(character) ? ' ' : '?'))
  return plain.length > MAX_LENGTH ? plain.slice(0, MAX_LENGTH - ELLIPSIS.length) + ELLIPSIS : plain
}

/** Filters JSON bodies, redirects and `WWW-Authenticate` challenges. The form_post page filters its own field. */
export function errorDescriptions(): Middleware {
  return async (ctx, next) => {
    await next()
    const { body } = ctx
    if (hasDescription(body)) body.error_description = asErrorDescription(body.error_description)
    filterHeaders(ctx)
  }
}

function hasDescription(body: unknown): body is { error_description: string } {
  return typeof body === 'object' && body !== null && typeof Reflect.get(body, 'error_description') === 'string'
}

function filterHeaders(ctx: Context): void {
  const location = ctx.res.getHeader('Location')
  if (typeof location === 'string' && location.includes('error_description=')) {
    ctx.set('Location', location.replaceAll(PARAMETER, filteredParameter))
  }
  const challenges = ctx.res.getHeader('WWW-Authenticate')
  if (challenges !== undefined) {
    const filtered = [challenges].flat().map((challenge) => String(challenge).replaceAll(QUOTED, filteredQuote))
    ctx.set('WWW-Authenticate', filtered)
  }
}

const PARAMETER = /(?<=[?&#]error_description=)[^&#]*/g

function filteredParameter(encoded: string): string {
  const description = new URLSearchParams(`value=${encoded}`).get('value') ?? ''
  return new URLSearchParams({ value: asErrorDescription(description) }).toString().slice('value='.length)
}

/** RFC 9110 §5.6.4: in a quoted string a backslash precedes a quote or a backslash. */
const QUOTED = /(?<=error_description=")(?:[^"\\]|\\.)*(?=")/g

function filteredQuote(quoted: string): string {
  return asErrorDescription(quoted.replaceAll(/\\(.)/g, '$1'))
}
