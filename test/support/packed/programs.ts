/** Programs as a user of the package would write them: a server on each framework, with and without types. */

const HTTP = `import { createServer } from 'node:http'
import { accessTokens, AccessTokenRefused } from 'signet/resource-server'

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const tokens = accessTokens({ issuer, audience })
const server = createServer(async (request, response) => {
  try {
    const claims = await tokens.verify(request, { scope: 'posts:read' })
    response.end(JSON.stringify({ sub: claims.sub }))
  } catch (refused) {
    if (!(refused instanceof AccessTokenRefused)) throw refused
    response.writeHead(refused.status, refused.headers).end(refused.body)
  }
})
`

const KOA = `import Koa from 'koa'
import { requireAccessToken } from 'signet/resource-server/koa'

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const app = new Koa()
app.use(requireAccessToken({ issuer, audience, scope: 'posts:read' }))
app.use((ctx) => {
  ctx.body = { sub: ctx.state.accessToken.sub }
})
const server = app.listen(0, '127.0.0.1', started)
`

const KOA_TYPED = `import Koa from 'koa'
import { accessTokens, type AccessTokenClaims } from 'signet/resource-server'
import { requireAccessToken, serveProtectedResourceMetadata, type AccessTokenState } from 'signet/resource-server/koa'

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const tokens = accessTokens({ issuer, audience, scopesSupported: ['posts:read'] })
const app = new Koa<AccessTokenState>()
app.use(serveProtectedResourceMetadata(tokens))
app.use(requireAccessToken(tokens, { scope: 'posts:read' }))
app.use((ctx) => {
  const claims: AccessTokenClaims = ctx.state.accessToken
  ctx.body = { sub: claims.sub }
})
const server = app.listen(0, '127.0.0.1', started)
`

const LISTENER = `import { createServer } from 'node:http'
import { requireAccessToken } from 'signet/resource-server/http'

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const read = requireAccessToken({ issuer, audience, scope: 'posts:read', dpop: true }, (request, response, claims) => {
  response.end(JSON.stringify({ sub: claims.sub }))
})
const keys = () => Promise.reject(new Error('no keys'))
const fail = requireAccessToken({ issuer, audience, keys }, (request, response) => response.end())
const server = createServer((request, response) => (request.url === '/broken' ? fail : read)(request, response))
`

const EXPRESS = `import express from 'express'
import { requireAccessToken } from 'signet/resource-server/express'

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const app = express()
const keys = () => Promise.reject(new Error('no keys'))
app.get('/broken', requireAccessToken({ issuer, audience, keys }))
app.use(requireAccessToken({ issuer, audience, scope: 'posts:read', dpop: true }))
app.get('/', (req, res) => {
  res.json({ sub: res.locals.accessToken.sub })
})
const server = app.listen(0, '127.0.0.1', started)
`

/** Routes of their own needs, below a path, on a router that shortens it. */
const EXPRESS_TYPED = `import express, { type Response } from 'express'
import { accessTokens } from 'signet/resource-server'
import {
  requireAccessToken,
  serveProtectedResourceMetadata,
  type AccessTokenState,
} from 'signet/resource-server/express'

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const tokens = accessTokens({ issuer, audience, scopesSupported: ['posts:read'], dpop: true })
const router = express.Router()
router.get('/', requireAccessToken(tokens, { scope: 'posts:read' }), (_req, res: Response<unknown, AccessTokenState>) => {
  res.json({ sub: res.locals.accessToken.sub })
})
const app = express()
app.use(serveProtectedResourceMetadata(tokens))
app.use('/v1', router)
app.use('/', router)
const server = app.listen(0, '127.0.0.1', started)
`

const FASTIFY = `import Fastify from 'fastify'
import { requireAccessToken } from 'signet/resource-server/fastify'

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const app = Fastify()
const keys = () => Promise.reject(new Error('no keys'))
app.register(async (broken) => {
  broken.get('/broken', { onRequest: requireAccessToken({ issuer, audience, keys }) }, async () => 'never')
})
app.addHook('onRequest', requireAccessToken({ issuer, audience, scope: 'posts:read', dpop: true }))
app.get('/', async (request) => ({ sub: request.accessToken.sub }))
await app.listen({ port: 0, host: '127.0.0.1' })
const { server } = app
started()
`

const FASTIFY_TYPED = `import Fastify from 'fastify'
import { accessTokens } from 'signet/resource-server'
import {
  requireAccessToken,
  serveProtectedResourceMetadata,
  type AccessTokenState,
} from 'signet/resource-server/fastify'

declare module 'fastify' {
  interface FastifyRequest extends AccessTokenState {}
}

const { ISSUER: issuer = '', AUDIENCE: audience = '' } = process.env
const tokens = accessTokens({ issuer, audience, scopesSupported: ['posts:read'], dpop: true })
const app = Fastify()
app.addHook('onRequest', serveProtectedResourceMetadata(tokens))
const onRequest = requireAccessToken(tokens, { scope: 'posts:read' })
const read = { onRequest }
app.get('/', read, async (request) => ({ sub: request.accessToken.sub }))
await app.register(async (v1) => v1.get('/', read, async (request) => ({ sub: request.accessToken.sub })), { prefix: '/v1' })
await app.listen({ port: 0, host: '127.0.0.1' })
const { server } = app
started()
`

const STARTED = `
function started() {
  console.log(server.address().port)
}
`
const STARTED_TYPED = `
function started(): void {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
}
`
const LISTEN = `server.listen(0, '127.0.0.1', started)\n`

export const PROGRAMS: Readonly<Record<string, string>> = {
  'http.js': HTTP + LISTEN + STARTED,
  'koa.js': KOA + STARTED,
  'http.ts': HTTP + LISTEN + STARTED_TYPED,
  'koa.ts': KOA_TYPED + STARTED_TYPED,
  'listener.js': LISTENER + LISTEN + STARTED,
  'listener.ts': LISTENER + LISTEN + STARTED_TYPED,
  'express.js': EXPRESS + STARTED,
  'express.ts': EXPRESS_TYPED + STARTED_TYPED,
  'fastify.js': FASTIFY + STARTED,
  'fastify.ts': FASTIFY_TYPED + STARTED_TYPED,
}

/** Each line has a mistake that the types must reject. */
export const MISTAKES = `import { accessTokens, type AccessTokenClaims } from 'signet/resource-server'
import { requireAccessToken } from 'signet/resource-server/koa'

accessTokens({ issuer: 'https://id.example.com' })
accessTokens({ issuer: 'https://id.example.com', audience: 'https://api.example.com', algorithms: ['HS256'] })
requireAccessToken({ issuer: 'https://id.example.com', audience: 7 })
export const expiry = (claims: AccessTokenClaims): string => claims.exp
`

export const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  },
}
