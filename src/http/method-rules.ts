/** Which methods a path takes, where whoever serves it would answer 404; and forms that become queries. */
import type { Context, Middleware } from 'koa'
import { readForm } from './body.ts'
import { RequestError } from './errors.ts'

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
/** The request line must fit into the 16 KiB of a request head, beside cookies. */
const MAX_QUERY = 8192

export interface MethodRules {
  /** The methods of a path. HEAD comes with GET; OPTIONS is let through (CORS). Other paths are not judged. */
  readonly methods: Readonly<Record<string, readonly string[]>>
  /** Paths where a form POST is answered by 303 to the same path with the form as query. */
  readonly postAsGet: readonly string[]
}

/** 501 for methods that nobody here knows, 405 with `Allow` by the table, 303 for forms (OpenID Connect Core §3.1.2.1). */
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
 * Session cookies are `SameSite=Lax`: they come with the GET that follows, not with a POST from another site. Repeated
 * parameters stay repeated, so that whoever serves the GET refuses them. RFC 9700 §4.12: 303, never 307.
 */
async function redirectAsGet(ctx: Context): Promise<void> {
  const form = await readForm(ctx)
  const fields = new URLSearchParams(form.entries).toString()
  const query = [ctx.querystring, fields].filter((part) => part !== '').join('&')
  if (query.length > MAX_QUERY) {
    throw new RequestError(
      'payload_too_large',
      `The parameters are too long for a URL: at most ${MAX_QUERY} characters. Push them to the pushed authorization request endpoint.`,
    )
  }
  ctx.status = 303
  ctx.set('Location', query === '' ? ctx.path : `${ctx.path}?${query}`)
  ctx.set('Cache-Control', 'no-store')
  ctx.body = ''
}
