/** Right requests to every route of the protocols and the pages; those of the admin API stand in `admin-requests.ts`. */
import { randomUUID } from 'node:crypto'
import { cookieHeader, pkce } from '../support/person.ts'
import { CIBA_REQUESTS } from './ciba-requests.ts'
import { clientForm } from './client-form.ts'
import { DEVICE_REQUESTS } from './device-requests.ts'
import type { Draft, Pair } from './draft.ts'
import { compactJws } from './jose-mutations.ts'
import type { Random } from './random.ts'
import { registration } from './registration.ts'
import { API, CALLBACK, type Cast, type Machine, type Maker, type Stage } from './stage.ts'

const HTML: Pair = ['Accept', 'text/html']
const pairs = (members: Readonly<Record<string, string>>): Pair[] => Object.entries(members)

function page(path: string, { query = {}, form }: { query?: Record<string, string>; form?: Pair[] } = {}): Maker {
  return async (stage) => {
    const { browser } = await stage.cast()
    const method = form ? 'POST' : 'GET'
    return {
      name: `${method} ${path}`,
      method,
      path,
      query: pairs(query),
      headers: [HTML, cookies(browser)],
      form,
      keys: {},
    }
  }
}

function cookies(browser: Cast['browser']): Pair {
  return ['Cookie', cookieHeader(browser.cookies)]
}

function authorizationParams(client: Machine): Record<string, string> {
  return {
    client_id: client.id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid offline_access posts:read',
    resource: API,
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  }
}

async function authorize(stage: Stage, random: Random): Promise<Draft> {
  const cast = await stage.cast()
  const hint = { id_token_hint: cast.tokens['id_token'] ?? '', prompt: 'none', ui_locales: 'ko', max_age: '100' }
  const claims = {
    id_token: {
      acr: { essential: true, values: ['urn:signet:acr:password'] },
      sub: { value: cast.web.id },
      email: null,
    },
    userinfo: { name: { essential: true } },
  }
  const params = pairs({
    ...authorizationParams(cast.web),
    ...(random.chance(0.2) ? { client_id: cast.document } : {}),
    ...(random.chance(0.3) ? hint : {}),
    ...(random.chance(0.3) ? { claims: JSON.stringify(claims) } : {}),
  })
  const headers = random.chance(0.7) ? [HTML, cookies(cast.browser)] : [HTML]
  const isForm = random.chance(0.3)
  return {
    name: 'authorize',
    method: isForm ? 'POST' : 'GET',
    path: '/authorize',
    headers,
    keys: {},
    ...(isForm ? { query: [], form: params } : { query: params }),
  }
}

/** A request object (RFC 9101), which this server takes or refuses, but must not fall over. */
async function authorizeByRequest(stage: Stage): Promise<Draft> {
  const { web } = await stage.cast()
  const rest = { ...authorizationParams(web), exp: seconds() + 60, jti: randomUUID() }
  const claims = { iss: web.id, aud: stage.server.issuer, ...rest }
  const request = compactJws(JSON.stringify({ alg: 'ES256', kid: 'k1' }), JSON.stringify(claims), web.key)
  return {
    name: 'authorize by request',
    method: 'GET',
    path: '/authorize',
    query: pairs({ ...authorizationParams(web), request }),
    headers: [HTML],
    keys: { request: web.key },
  }
}

async function push(stage: Stage, random: Random): Promise<Draft> {
  const cast = await stage.cast()
  const client = random.pick([cast.web, cast.fapi2])
  return clientForm(stage, { client, path: '/par' }, authorizationParams(client))
}

async function authorizePushed(stage: Stage): Promise<Draft> {
  const { fapi2, browser } = await stage.cast()
  const { body } = await fapi2.app.push(authorizationParams(fapi2))
  const query = pairs({ client_id: fapi2.id, request_uri: body['request_uri'] ?? '' })
  return {
    name: 'authorize pushed',
    method: 'GET',
    path: '/authorize',
    query,
    headers: [HTML, cookies(browser)],
    keys: {},
  }
}

async function tokenOfMachine(stage: Stage): Promise<Draft> {
  const { machine } = await stage.cast()
  const params = { grant_type: 'client_credentials', resource: API, scope: 'posts:read' }
  return clientForm(stage, { client: machine, path: '/token', name: 'token: client_credentials' }, params)
}

async function tokenOfCode(stage: Stage): Promise<Draft> {
  const { web, browser, who } = await stage.cast()
  const { code, verifier } = await web.app.code(browser, who, { scope: 'openid' })
  const params = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier }
  return clientForm(stage, { client: web, path: '/token', name: 'token: authorization_code' }, params)
}

async function tokenOfRefresh(stage: Stage): Promise<Draft> {
  const { spa, tokens } = await stage.cast()
  const params = { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '', client_id: spa.id }
  const form = pairs({ ...params, scope: 'openid posts:read' })
  const headers: Pair[] = [['Origin', new URL(CALLBACK).origin]]
  return { name: 'token: refresh_token', method: 'POST', path: '/token', query: [], headers, form, keys: {} }
}

async function tokenBySecret(stage: Stage, random: Random): Promise<Draft> {
  const { secret } = await stage.cast()
  const basic = Buffer.from(`${encodeURIComponent(secret.id)}:${secret.secret}`).toString('base64')
  const params = random.pick([
    { grant_type: 'authorization_code', code: 'unknown', redirect_uri: CALLBACK, code_verifier: 'x'.repeat(43) },
    { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'unknown' },
    { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: 'a.b.c' },
  ])
  const headers: Pair[] = [['Authorization', `Basic ${basic}`]]
  return { name: 'token: secret', method: 'POST', path: '/token', query: [], headers, form: pairs(params), keys: {} }
}

async function proof(cast: Cast, request: { method: string; url: string }): Promise<Pair> {
  const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: cast.proofPublicKey }
  const claims = { htm: request.method, htu: request.url, jti: randomUUID(), iat: seconds() }
  return ['DPoP', compactJws(JSON.stringify(header), JSON.stringify(claims), cast.proofKey)]
}

async function tokenWithProof(stage: Stage): Promise<Draft> {
  const cast = await stage.cast()
  const draft = await tokenOfMachine(stage)
  draft.headers.push(await proof(cast, { method: 'POST', url: `${stage.server.issuer}/token` }))
  return { ...draft, name: 'token: DPoP', keys: { ...draft.keys, DPoP: cast.proofKey } }
}

async function userinfo(stage: Stage, random: Random): Promise<Draft> {
  const cast = await stage.cast()
  const headers: Pair[] = [['Authorization', `Bearer ${cast.opaque}`]]
  if (random.chance(0.4)) {
    headers[0] = ['Authorization', `DPoP ${random.pick([cast.opaque, cast.machineToken])}`]
    headers.push(await proof(cast, { method: 'GET', url: `${stage.server.issuer}/userinfo` }))
  }
  const method = random.pick(['GET', 'POST'])
  return { name: 'userinfo', method, path: '/userinfo', query: [], headers, keys: { DPoP: cast.proofKey } }
}

/** What is introspected and revoked: tokens of every kind; what is revoked is a machine's own, fresh one. */
async function aboutToken(stage: Stage, random: Random): Promise<Draft> {
  const { machine, tokens, opaque, machineToken } = await stage.cast()
  const [path, token] = random.chance(0.6)
    ? ['/introspect', random.pick([tokens['access_token'], tokens['refresh_token'], opaque, machineToken])]
    : ['/revoke', random.pick([tokens['id_token'], 'unknown'])]
  const hint = { token_type_hint: random.pick(['access_token', 'refresh_token']) }
  return clientForm(stage, { client: machine, path }, { token: token ?? '', ...hint })
}

async function logout(stage: Stage, random: Random): Promise<Draft> {
  const { web, tokens, browser } = await stage.cast()
  const params = pairs({
    id_token_hint: tokens['id_token'] ?? '',
    client_id: web.id,
    post_logout_redirect_uri: CALLBACK,
    state: 'the-state',
    ui_locales: 'en',
  })
  const headers = random.chance(0.5) ? [HTML, cookies(browser)] : [HTML]
  const isForm = random.chance(0.3)
  return {
    name: 'logout',
    method: isForm ? 'POST' : 'GET',
    path: '/logout',
    headers,
    keys: {},
    ...(isForm ? { query: [], form: params } : { query: params }),
  }
}

/** The form of a page within an interaction, filled in: sign-in with a wrong password, consent, the way back. */
async function interaction(stage: Stage, random: Random): Promise<Draft> {
  const { web, spa, browser } = await stage.cast()
  const { person } = await import('../support/person.ts')
  const fresh = random.chance(0.5) ? person(() => stage.server) : browser
  const prompt = fresh === browser ? { prompt: random.pick(['login', 'consent']) } : {}
  const query = new URLSearchParams({ ...authorizationParams(random.pick([web, spa])), ...prompt })
  const visit = await fresh.visit(`${stage.server.issuer}/authorize?${query.toString()}`)
  const { pathname } = new URL(visit.url)
  const hidden = [...visit.html.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)]
  const form: Pair[] = hidden.map(([, name = '', value = '']) => [name, value])
  const fields = { identifier: 'nobody@example.com', password: 'wrong horse', decision: 'deny', code: '123456' }
  form.push(...pairs(fields))
  const step = random.pick(['', '/login', '/consent', '/cancel', '/restart', '/code', '/unmet'])
  const headers: Pair[] = [HTML, cookies(fresh), ['Origin', stage.server.issuer]]
  const method = step === '' ? 'GET' : 'POST'
  return { name: `interaction${step}`, method, path: pathname + step, query: [], headers, form, keys: {} }
}

async function logoutConfirmed(stage: Stage): Promise<Draft> {
  const { browser } = await stage.cast()
  const visit = await browser.visit(`${stage.server.issuer}/logout`)
  const xsrf = /name="xsrf"[^>]*value="([^"]*)"/.exec(visit.html)?.[1] ?? ''
  // the session is needed further on: it is asked to stay
  const form = pairs({ xsrf, logout: '' })
  return {
    name: 'logout confirm',
    method: 'POST',
    path: '/logout/confirm',
    query: [],
    headers: [HTML, cookies(browser)],
    form,
    keys: {},
  }
}

const seconds = () => Math.floor(Date.now() / 1000)
const FORM: Pair[] = [
  ['user_code', 'ABCD-EFGH'],
  ['email', 'ada@example.com'],
  ['token', 'x'],
]

/** With how often each is made, against the others. */
export const REQUESTS: readonly (readonly [number, Maker])[] = [
  [8, authorize],
  [2, authorizeByRequest],
  [1, authorizePushed],
  [6, push],
  [8, tokenOfMachine],
  [1, tokenOfCode],
  [3, tokenOfRefresh],
  [4, tokenBySecret],
  [4, tokenWithProof],
  [6, userinfo],
  [6, aboutToken],
  [5, logout],
  [1, logoutConfirmed],
  [2, interaction],
  [4, registration],
  ...CIBA_REQUESTS,
  ...DEVICE_REQUESTS,
  ...[
    '/',
    '/jwks',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/change-password',
    '/.well-known/security.txt',
    '/status-lists/0',
    '/interaction/unknown',
    '/authorize/unknown',
    '/logout/success',
    '/account',
    '/console',
    '/device',
    '/device/unknown',
    '/docs',
    '/nowhere',
  ].map((path) => [0.4, page(path, { query: { ui_locales: 'en', code: '1' } })] as const),
  ...[
    '/register',
    '/device',
    '/device/code',
    '/backchannel/authorize',
    '/account/password',
    '/interaction/unknown/login',
  ].map((path) => [0.4, page(path, { form: FORM.map(([name, value]) => [name, value]) })] as const),
]
