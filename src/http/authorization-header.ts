/** Writes the blanks after an authentication scheme as one: RFC 9110 §11.4 allows several, the engine does not. */
import type { Middleware } from 'koa'

export function authorizationHeader(): Middleware {
  return (ctx, next) => {
    const { headers } = ctx.req
    if (headers.authorization !== undefined) {
      headers.authorization = headers.authorization.trim().replace(/^(\S+)[ \t]+/, '$1 ')
    }
    return next()
  }
}
