/** Limits the methods of a path where its handler would answer 404, and turns form posts into queries. */
import type { Context, Middleware } from 'koa'
import { readForm } from './body.ts'
import { RequestError } from './errors.ts'
import { headBytes, MAX_HEAD_BYTES } from './head-limit.ts'

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
/** Cookies that come with the GET, but not with the POST of another site. */
const COOKIE_BYTES = 1024

export interface MethodRules {
  /** The methods by path. GET includes HEAD; OPTIONS always passes (CORS). Other paths are not checked. */
  readonly methods: Readonly<Record<string, readonly string[]>>
  /** Paths where a form POST is redirected with 303 to the same path, with the form as query. */
  readonly postAsGet: readonly string[]
}

/** Answers 501 for unknown methods, 405 with `Allow` by the table, and 303 for forms (OpenID Connect Core §3.1.2.1). */
export function methodRules({ methods, postAsGet }: MethodRules): Middleware {
  const rules = new Map(Object.entries(methods))
  const redirected = new Set(postAsGet)

  return async (ctx, next) => {
    if (!KNOWN_METHODS.has(ctx.method)) {
      throw new RequestError('method_not_implemented', 'This server does not know that method.')
    }
    if (ctx.method === 'POST' && redirected.has(ctx.path)) return redirectAsGet(ctx)
    const allowed = rules.get(ctx.path)
    if (allowed && !isAllowed(ctx.method, allowed)) {
      ctx.set('Allow', allowed.join(', '))
      throw new RequestError('method_not_allowed', `${ctx.path} takes ${allowed.join(' or ')} requests only.`)
    }
    return next()
  }
}

function isAllowed(method: string, allowed: readonly string[]): boolean {
  return method === 'OPTIONS' || allowed.includes(method === 'HEAD' ? 'GET' : method)
}

/**
 * Redirects with the form as query: session cookies are `SameSite=Lax`, so the browser sends them with the GET that
 * follows, but not with a cross-site POST. Repeated parameters stay repeated, so that the handler of the GET refuses
 * them. RFC 9700 §4.12 requires 303, not 307.
 */
async function redirectAsGet(ctx: Context): Promise<void> {
  const form = await readForm(ctx)
  const fields = new URLSearchParams(form.entries).toString()
  const query = [ctx.querystring, fields].filter((part) => part !== '').join('&')
  // as long as the head of the GET that follows may be
  const longest = Math.max(0, MAX_HEAD_BYTES - headBytes(ctx.req) - COOKIE_BYTES)
  if (query.length > longest) {
    throw new RequestError(
      'payload_too_large',
      `The parameters are too long for a URL: at most ${longest} characters. Push them to the pushed authorization request endpoint.`,
    )
  }
  ctx.status = 303
  ctx.set('Location', query === '' ? ctx.path : `${ctx.path}?${query}`)
  ctx.set('Cache-Control', 'no-store')
  ctx.body = ''
}
