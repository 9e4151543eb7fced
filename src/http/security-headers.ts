/** The headers that keep browsers from doing more with an answer than was meant. */
import type { Context, Middleware } from 'koa'

/** Values of Content Security Policy directives by name, such as `{ 'style-src': ["'self'"] }`. */
export type ContentSecurityPolicy = Readonly<Record<string, readonly string[]>>

/** Nothing may be loaded, run, framed or submitted; a page opens what it needs. */
const STRICT: ContentSecurityPolicy = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

const YEAR_SECONDS = 31_536_000

/**
 * Sets the strict default on every answer, to be replaced by a page with `allowContent`. No
 * `Cross-Origin-Opener-Policy`: it would cut an app that signs people in by a pop-up off from its own window.
 */
export function securityHeaders({ issuer }: { readonly issuer: string }): Middleware {
  const headers: Record<string, string> = {
    'Content-Security-Policy': policyText(STRICT),
    'X-Content-Type-Options': 'nosniff',
    // RFC 9700 §4.2: codes and state in a URL must not leave in a Referer.
    'Referrer-Policy': 'no-referrer',
    // RFC 9700 §4.16: no page of ours is shown inside another.
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Permitted-Cross-Domain-Policies': 'none',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  }
  if (issuer.startsWith('https:')) headers['Strict-Transport-Security'] = `max-age=${YEAR_SECONDS}`

  const entries = Object.entries(headers)

  return (ctx, next) => {
    // without Koa's checks of each name and value: these are the same on every answer
    for (const [name, value] of entries) ctx.res.setHeader(name, value)
    return next()
  }
}

/** Replaces the strict default on a page: the directives given are added to it, or take the place of theirs. */
export function allowContent(ctx: Context, allowed: ContentSecurityPolicy): void {
  ctx.set('Content-Security-Policy', policyText({ ...STRICT, ...allowed }))
}

function policyText(policy: ContentSecurityPolicy): string {
  return Object.entries(policy)
    .map(([directive, sources]) => [directive, ...sources].join(' '))
    .join('; ')
}
