/** Serves `GET /status-lists/:id`: the published status of access tokens, which APIs fetch and cache. */
import type { Middleware } from 'koa'
import { LIST_LIFETIME, type StatusLists } from '#signing-keys/status-list/status-list.ts'

const PATH = /^\/status-lists\/(0|[1-9]\d{0,9})$/

export function createStatusRoute(lists: StatusLists): Middleware {
  return async (ctx, next) => {
    const id = PATH.exec(ctx.path)?.[1]
    if (id === undefined || !['GET', 'HEAD'].includes(ctx.method)) {
      await next()
      return
    }
    const list = await lists.get(Number(id))
    // without a body, the answer is 404
    if (list !== undefined) {
      ctx.body = list
      ctx.type = 'application/statuslist+jwt'
      ctx.set('Cache-Control', `public, max-age=${LIST_LIFETIME}`)
      ctx.set('Access-Control-Allow-Origin', '*')
    }
  }
}
