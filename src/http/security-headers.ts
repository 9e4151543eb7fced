/** Sets the security headers of every answer. */
import type { Context, Middleware } from 'koa'

/** Values of Content Security Policy directives by name, such as `{ 'style-src': ["'self'"] }`. */
export type ContentSecurityPolicy = Readonly<Record<string, readonly string[]>>

/** Forbids loading, scripts, framing and forms; a page allows what it needs. */
const STRICT: ContentSecurityPolicy = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

const YEAR_SECONDS = 31_536_000

export interface SecurityHeadersDeps {
  readonly issuer: string
  /** Paths that get `Cross-Origin-Opener-Policy: same-origin`, with all paths below them. */
  readonly isolatedPaths?: readonly string[]
}

/**
 * Sets the strict default on every answer; a page relaxes it with `allowContent`, and an answer that may be kept sets
 * its own `Cache-Control`. `Cross-Origin-Opener-Policy` is only for pages outside a sign-in: with whatever value, it cuts the
 * `opener` of a popup.
 */
export function securityHeaders({ issuer, isolatedPaths = [] }: SecurityHeadersDeps): Middleware {
  const headers: Record<string, string> = {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': policyText(STRICT),
    'X-Content-Type-Options': 'nosniff',
    // RFC 9700 §4.2: codes and state in a URL must not leak in a Referer.
    'Referrer-Policy': 'no-referrer',
    // RFC 9700 §4.16: our pages must not be framed.
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Permitted-Cross-Domain-Policies': 'none',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  }
  if (issuer.startsWith('https:')) headers['Strict-Transport-Security'] = `max-age=${YEAR_SECONDS}`

  const entries = Object.entries(headers)

  return (ctx, next) => {
    // set directly, without Koa's checks of each name and value, because they are constant
    for (const [name, value] of entries) ctx.res.setHeader(name, value)
    if (isolatedPaths.some((path) => ctx.path === path || ctx.path.startsWith(`${path}/`))) {
      ctx.res.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    }
    return next()
  }
}

/** Sets the policy of a page: the strict default, with the given directives added or replaced. */
export function allowContent(ctx: Context, allowed: ContentSecurityPolicy): void {
  ctx.set('Content-Security-Policy', policyText({ ...STRICT, ...allowed }))
}

/** A separator in a source would add a directive or a second policy (CSP Level 3 §2.2). */
const SEPARATOR = /[\s;,]/

function policyText(policy: ContentSecurityPolicy): string {
  for (const source of Object.values(policy).flat()) {
    if (SEPARATOR.test(source))
      throw new TypeError(`a source of a content security policy holds a separator: ${source}`)
  }
  return Object.entries(policy)
    .map(([directive, sources]) => [directive, ...sources].join(' '))
    .join('; ')
}
