/** The Flask and Authlib program signs a person in and protects its API, registered as its README says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import {
  aSigningPair,
  anAccessToken,
  audience,
  startTestIssuer,
  type TokenParts,
} from '../resource-server/test-issuer.ts'
import { createApp } from '../support/app.ts'
import { atEnd } from '../support/endings.ts'
import { person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'
import { flaskProgram, type FlaskProgram } from './flask-program.ts'

const ada = { email: 'ada@example.com', password: 'a long sentence to sign in with' }
let server: Server
let admin: Administrator
let program: FlaskProgram

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  program = await flaskProgram(server)
  await program.run('Register it')
  await program.run('As Authlib does it by itself')
  await program.run('A machine')
})

afterEach(() => program.stop())

/** A browser at the app: it keeps the app's cookie and hands the issuer's pages to a person. */
function browser() {
  const cookies = new Map<string, string>()
  const me = person(() => server)

  async function visit(url: string): Promise<Response> {
    const headers = { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }
    const response = await fetch(new URL(url, program.url), { headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      cookies.set(name, value)
    }
    return response
  }

  async function signIn(): Promise<Response> {
    const toIssuer = await visit('/login')
    const back = await me.authorize(toIssuer.headers.get('location') ?? '', ada)
    return visit(back.href)
  }
  return { visit, signIn }
}

async function api(headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${program.url}/api/posts`, { headers })
}

function theToken(): string {
  return readFileSync(join(program.folder, 'reader.token'), 'utf8').trim()
}

function theClientId(name: string): string {
  const client = JSON.parse(readFileSync(join(program.folder, `${name}.client.json`), 'utf8')) as { client_id: string }
  return client.client_id
}

describe.each([
  ['the issuer', 'Run it', 'flask'],
  ['the token endpoint, as Authlib does by itself,', 'As Authlib does it by itself', 'flask-as-it-is'],
])('with %s as the audience of its assertion', (_audience, heading, name) => {
  test('signs a person in and shows the posts of its API', async () => {
    await program.start(heading)
    const app = browser()
    expect(textOf(await (await app.visit('/')).text())).toContain('Sign in')
    const signedIn = await app.signIn()
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([302, '/'])
    const page = textOf(await (await app.visit('/')).text())
    expect(page).toContain('Signed in as Ada Lovelace')
    expect(page).toContain('First Post Second Post')
    const issued = (await admin.audit('token.issued')).filter((event) => event['client_id'] === theClientId(name))
    expect(issued).toHaveLength(1)
  })
})

test('is refused with a sentence when it names the token endpoint without being registered for it', async () => {
  await program.start('As Authlib does it by itself')
  await program.stop()
  await admin.call('PATCH', `/clients/${theClientId('flask-as-it-is')}`, { signet_assertion_audience: 'issuer' })
  await program.start('As Authlib does it by itself')
  const refused = await browser().signIn()
  const page = textOf(await refused.text())
  expect(refused.status).toBe(400)
  expect(page).toContain('invalid_client')
  expect(page).toContain(`aud`)
  expect(page).toContain(server.issuer)
})

describe('its API', () => {
  test('answers to a token and to no request without one', async () => {
    await program.start('Run it')
    const refused = await api()
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(decodeProtectedHeader(theToken())).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    expect(decodeJwt(theToken())).toMatchObject({ aud: `${program.url}/api`, scope: 'posts:read' })
    const answered = await api({ authorization: `Bearer ${theToken()}` })
    expect(answered.status).toBe(200)
    expect(await answered.json()).toEqual({
      posts: [
        { id: 1, title: 'First Post' },
        { id: 2, title: 'Second Post' },
      ],
    })
  })

  test('refuses what is no access token for it, and 403 a token without the scope', async () => {
    await program.start('Run it')
    await admin.resource('https://other.example.com', ['posts:read'])
    await admin.call('PATCH', `/resources/${encodeURIComponent(`${program.url}/api`)}`, {
      scopes: ['posts:read', 'posts:count'],
    })
    const machine = await admin.client('machine', {
      signet_allow: [
        { resource: 'https://other.example.com', scopes: ['posts:read'] },
        { resource: `${program.url}/api`, scopes: ['posts:count'] },
      ],
    })
    const app = createApp(server, machine, '')
    const grant = { grant_type: 'client_credentials' }
    const other = (await app.token({ ...grant, resource: 'https://other.example.com' })).body['access_token']
    const counting = (await app.token({ ...grant, resource: `${program.url}/api` })).body['access_token']
    const [head, claims, signature] = theToken().split('.') as [string, string, string]
    const altered = `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`

    for (const token of [other, altered, 'abc', `${claims}.${claims}.${claims}`]) {
      const refused = await api({ authorization: `Bearer ${token}` })
      expect(refused.status).toBe(401)
      expect(await refused.json()).toEqual({
        error: 'invalid_token',
        error_description: 'The access token is not valid here.',
      })
    }
    const lacking = await api({ authorization: `Bearer ${counting}` })
    expect(lacking.status).toBe(403)
    expect(lacking.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="posts:read"')
  })
})

describe('its validator, given tokens of an issuer that signs anything', () => {
  const now = Math.floor(Date.now() / 1000)
  const cases: [string, TokenParts][] = [
    ['an ID token', { header: { typ: 'JWT' } }],
    ['a token without a type', { header: { typ: undefined } }],
    ['a token of another issuer', { claims: { iss: 'https://other.example' } }],
    ['a token for another API', { claims: { aud: 'https://other.example' } }],
    ['a token that has expired', { claims: { exp: now - 60 } }],
    ['a token that does not expire', { without: ['exp'] }],
    ['a token without a client', { without: ['client_id'] }],
  ]

  test('accepts a good one and refuses every other', async () => {
    const [pair, stranger] = await Promise.all([aSigningPair('a'), aSigningPair('a')])
    const es384 = await aSigningPair('c', 'ES384')
    const issuer = await startTestIssuer([pair, es384])
    atEnd(() => issuer.close())
    const { issuer: iss } = issuer
    issuer.answers.set('/.well-known/openid-configuration', { issuer: iss, jwks_uri: `${iss}/jwks` })
    await program.start('Run it', { SIGNET_ISSUER: iss, API_IDENTIFIER: audience })
    const status = async (token: string) => (await api({ authorization: `Bearer ${token}` })).status

    expect(await status(await anAccessToken(iss, pair))).toBe(200)
    for (const [what, parts] of cases) {
      expect([what, await status(await anAccessToken(iss, pair, parts))]).toEqual([what, 401])
    }
    expect(await status(await anAccessToken(iss, stranger))).toBe(401)
    expect(await status(await anAccessToken(iss, es384))).toBe(401)
    expect(await status(await anAccessToken(iss, pair, { claims: { cnf: { jkt: 'x' } } }))).toBe(401)
    expect(await status(await anAccessToken(iss, pair, { header: { kid: 'unknown' } }))).toBe(401)
    expect(issuer.requests.filter((path) => path === '/jwks')).toHaveLength(1)
  })

  test('answers 503 while the issuer does not', async () => {
    const issuer = await startTestIssuer([await aSigningPair('a')])
    await issuer.close()
    await program.start('Run it', { SIGNET_ISSUER: issuer.issuer, API_IDENTIFIER: audience })
    const refused = await api({ authorization: `Bearer ${theToken()}` })
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
  })
})

test('an answer that was not asked for, or comes from another issuer, signs nobody in', async () => {
  await program.start('Run it')
  const app = browser()
  const foreign = await app.visit(`/authorize?code=abc&state=xyz&iss=https://other.example`)
  expect(foreign.status).toBe(400)
  expect(textOf(await foreign.text())).toContain('The answer came from another issuer.')
  const unasked = await app.visit(`/authorize?code=abc&state=xyz&iss=${encodeURIComponent(server.issuer)}`)
  expect(unasked.status).toBe(400)
  expect(textOf(await unasked.text())).toContain('mismatching_state')
})
