/** An API that answers to Signet's access tokens only: Koa and the package entry `signet/resource-server`. */
import bodyParser from '@koa/bodyparser'
import Router from '@koa/router'
import Koa, { type Context, type Middleware } from 'koa'
import { accessTokens } from 'signet/resource-server'
import { requireAccessToken, serveProtectedResourceMetadata } from 'signet/resource-server/koa'
import { createPosts } from './posts.ts'

export interface ApiOptions {
  readonly issuer: string
  /** What the API is registered as: the audience of its tokens, and where it is reached. */
  readonly identifier: string
  /** Where the issuer's keys stand, when its own address is not reachable from here. */
  readonly jwksUri?: string
  /** Asks the issuer's status list whether a token was revoked. */
  readonly statusList?: boolean
}

const MAX_TITLE_LENGTH = 200
/** The class of a sign-in with a passkey. */
const PASSKEY = 'urn:signet:acr:passkey'

/**
 * `GET /api/posts` needs `posts:read`; `GET /api/drafts` needs that the person signed in with a passkey, too (RFC 9470);
 * `POST`, and `PUT` and `DELETE` of `/api/posts/:id`, need `posts:write`.
 */
export function createApi({ issuer, identifier, jwksUri, statusList = false }: ApiOptions): Koa {
  const tokens = accessTokens({
    issuer,
    audience: identifier,
    resourceName: 'Posts',
    scopesSupported: ['posts:read', 'posts:write'],
    statusList,
    ...(jwksUri === undefined ? {} : { jwksUri }),
  })
  const app = new Koa()
  app.use(createErrorAnswers())
  app.use(serveProtectedResourceMetadata(tokens))
  const router = createRouter(
    requireAccessToken(tokens, { scope: 'posts:read' }),
    requireAccessToken(tokens, { scope: 'posts:write' }),
    requireAccessToken(tokens, { scope: 'posts:read', acrValues: [PASSKEY] }),
  )
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}

type Guard = ReturnType<typeof requireAccessToken>

function createRouter(mayRead: Guard, mayWrite: Guard, isSurelyThePerson: Guard): Router {
  const posts = createPosts()
  const readBody = bodyParser({ enableTypes: ['json'], jsonLimit: '16kb', onError: refuseBody })
  const router = new Router({ prefix: '/api' })

  router.get('/posts', mayRead, (ctx) => {
    ctx.body = { posts: posts.list() }
  })
  router.get('/drafts', isSurelyThePerson, (ctx) => {
    ctx.body = { posts: [{ id: 1, title: 'What nobody else may read yet' }] }
  })
  router.post('/posts', mayWrite, readBody, (ctx) => {
    const post = posts.add(titleFrom(ctx))
    ctx.status = 201
    ctx.set('Location', `/api/posts/${post.id}`)
    ctx.body = post
  })
  router.put('/posts/:id', mayWrite, readBody, (ctx) => {
    const post = posts.rename(idFrom(ctx), titleFrom(ctx))
    if (post === undefined) noSuchPost(ctx)
    ctx.body = post
  })
  router.delete('/posts/:id', mayWrite, (ctx) => {
    if (!posts.remove(idFrom(ctx))) noSuchPost(ctx)
    ctx.status = 204
  })
  return router
}

function titleFrom(ctx: Context): string {
  if (!ctx.is('application/json')) ctx.throw(415, 'Send the post as application/json: {"title": "…"}.')
  const title: unknown = (ctx.request.body as { title?: unknown } | undefined)?.title
  if (typeof title !== 'string' || title.trim() === '' || title.length > MAX_TITLE_LENGTH) {
    ctx.throw(400, `title must be a text of 1 to ${MAX_TITLE_LENGTH} characters.`)
  }
  return title.trim()
}

function idFrom(ctx: Context & { params: Record<string, string> }): number {
  const id = ctx.params['id'] ?? ''
  if (!/^[1-9]\d{0,8}$/.test(id)) ctx.throw(400, 'The id of a post is a whole number from 1 on.')
  return Number(id)
}

function noSuchPost(ctx: Context & { params: Record<string, string> }): never {
  ctx.throw(404, `There is no post ${ctx.params['id']}.`)
}

function refuseBody(error: Error, ctx: Context): never {
  const tooLarge = 'status' in error && error.status === 413
  ctx.throw(tooLarge ? 413 : 400, tooLarge ? 'The body may have 16 kB.' : 'The body is not valid JSON.')
}

/** Every refusal as JSON; what the API itself did wrong says no more than that. */
function createErrorAnswers(): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && !ctx.body) ctx.throw(404, 'There is nothing here; the posts are at /api/posts.')
      if (ctx.status === 405) answer(ctx, 405, `${ctx.method} is not possible here.`)
    } catch (error) {
      const { status, expose, message } = error as { status?: number; expose?: boolean; message: string }
      if (expose === true && status !== undefined) return answer(ctx, status, message)
      ctx.app.emit('error', error, ctx)
      answer(ctx, 500, 'The API failed.')
    }
  }
}

function answer(ctx: Context, status: number, description: string): void {
  ctx.status = status
  ctx.body = { error: ERRORS[status] ?? 'server_error', error_description: description }
}

const ERRORS: Record<number, string> = {
  400: 'invalid_request',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
}
