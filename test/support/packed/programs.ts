/** Programs as a user of the package would write them: a `node:http` and a Koa server, with and without types. */

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
