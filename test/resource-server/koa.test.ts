/** The Koa middleware on a live Koa server. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import Koa from 'koa'
import { afterEach, expect, test } from 'vitest'
import { accessTokens } from '#resource-server/index.ts'
import { requireAccessToken, serveProtectedResourceMetadata, type AccessTokenState } from '#resource-server/koa.ts'
import { proofKey } from '../support/proof-key.ts'
import { aSigningPair, anAccessToken, audience, publicKeys } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const pair = await aSigningPair('a')
const keys = publicKeys([pair])
let stop: (() => void) | undefined

afterEach(() => stop?.())

async function listen(app: Koa): Promise<string> {
  app.silent = true
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function anApi(): Koa {
  const app = new Koa()
  app.use(requireAccessToken({ issuer, audience, keys, scope: 'posts:read' }))
  app.use((context) => {
    context.body = (context.state as AccessTokenState).accessToken.sub
  })
  return app
}

test('lets a request with a valid token pass and hands on its claims', async () => {
  const url = await listen(anApi())
  const headers = { authorization: `Bearer ${await anAccessToken(issuer, pair)}` }
  const response = await fetch(url, { headers })
  expect([response.status, await response.text()]).toEqual([200, 'person-1'])
})

test('answers a request without a token by 401, the challenge and no error', async () => {
  const url = await listen(anApi())
  const response = await fetch(url)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toBe(
    'Bearer scope="posts:read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"',
  )
  expect(await response.text()).toBe('')
})

test('answers a token without the scope by 403 and JSON', async () => {
  const url = await listen(anApi())
  const token = await anAccessToken(issuer, pair, { claims: { scope: 'other' } })
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(403)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(await response.json()).toEqual({
    error: 'insufficient_scope',
    error_description: 'The access token lacks the scope posts:read.',
  })
})

test('refuses two Authorization headers over the wire', async () => {
  const url = await listen(anApi())
  const token = await anAccessToken(issuer, pair)
  const outgoing = request(url, {
    headers: ['Host', 'x', 'Authorization', `Bearer ${token}`, 'Authorization', 'Basic x'],
  })
  outgoing.end()
  const [response] = await once(outgoing, 'response')
  expect(response.statusCode).toBe(400)
  expect(response.headers['www-authenticate']).toContain('error="invalid_request"')
  response.resume()
})

test('serves the metadata of the API to anyone and from any origin', async () => {
  const url = await listen(anApi())
  const response = await fetch(`${url}/.well-known/oauth-protected-resource`)
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.json()).toEqual({
    resource: audience,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: ['posts:read'],
  })
})

test('guards routes with different scopes by one verifier', async () => {
  const tokens = accessTokens({ issuer, audience, keys, scopesSupported: ['posts:read', 'posts:write'] })
  const write = requireAccessToken(tokens, { scope: 'posts:write' })
  const app = new Koa()
  app.use(serveProtectedResourceMetadata(tokens))
  app.use((context, next) => (context.method === 'POST' ? write(context, next) : next()))
  app.use((context) => {
    context.body = 'done'
  })
  const url = await listen(app)
  const headers = { authorization: `Bearer ${await anAccessToken(issuer, pair)}` }
  expect((await fetch(url, { headers })).status).toBe(200)
  const refused = await fetch(url, { method: 'POST', headers })
  expect(refused.status).toBe(403)
  expect(refused.headers.get('www-authenticate')).toContain('scope="posts:write"')
  const metadata = await fetch(`${url}/.well-known/oauth-protected-resource`)
  expect(await metadata.json()).toMatchObject({ scopes_supported: ['posts:read', 'posts:write'] })
})

/** An app below `/v1`: the path that its middleware sees is shortened, as by `koa-mount`. */
function aMountedApp(): Koa {
  return new Koa().use((context, next) => {
    context.path = context.path.replace(/^\/v1/, '')
    return next()
  })
}

test.each(['/v1/metadata', '/v1/metadata?from=here', 'http://api.example.com/v1/metadata'])(
  'serves the metadata of a mounted app at its whole path: %s',
  async (path) => {
    const app = aMountedApp()
    app.use(requireAccessToken({ issuer, audience, keys, resourceMetadata: `${audience}/v1/metadata` }))
    const outgoing = request(await listen(app), { path })
    outgoing.end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    expect([response.statusCode, await json(response)]).toEqual([200, expect.objectContaining({ resource: audience })])
  },
)

test('asks a proof for the whole path of a mounted app', async () => {
  const key = await proofKey()
  const app = aMountedApp()
  app.use(requireAccessToken({ issuer, audience, keys, dpop: true }))
  app.use((context) => {
    context.body = (context.state as AccessTokenState).accessToken.sub
  })
  const url = await listen(app)
  const token = await anAccessToken(issuer, pair, { claims: { cnf: { jkt: key.jkt } } })
  const ask = async (htu: string) => {
    const proof = await key.proof({ url: htu, method: 'GET', accessToken: token })
    return fetch(`${url}/v1/posts`, { headers: { authorization: `DPoP ${token}`, ...proof } })
  }
  expect((await ask(`${audience}/v1/posts`)).status).toBe(200)
  const refused = await ask(`${audience}/posts`)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toEqual({
    error: 'invalid_dpop_proof',
    error_description: 'The DPoP proof is for another URL (htu).',
  })
})

test('lets an error of the API itself through as it is', async () => {
  const app = new Koa()
  const bug = new TypeError('a bug')
  const failing = () => {
    throw bug
  }
  const seen: unknown[] = []
  app.on('error', (error) => seen.push(error))
  app.use(requireAccessToken({ issuer, audience, keys: failing }))
  const url = await listen(app)
  const response = await fetch(url, { headers: { authorization: `Bearer ${await anAccessToken(issuer, pair)}` } })
  expect([response.status, seen]).toEqual([500, [bug]])
})
