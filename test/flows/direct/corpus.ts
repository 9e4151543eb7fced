/** Requests that once differed, or could: a name, the change, and whether the direct path may answer. */
import type { Change } from './requests.ts'

const OTHER = 'https://other.example.com'

/** `plain`: the direct path answers 200. Everything else is the engine's. */
export type Way = 'plain' | 'engine'
export type Case = readonly [name: string, way: Way, change: Change]

const form = (name: string, way: Way, change: (form: string) => string | Buffer): Case => [name, way, { form: change }]
const claims = (name: string, way: Way, change: NonNullable<Change['claims']>): Case => [name, way, { claims: change }]
const header = (name: string, way: Way, change: Record<string, unknown>): Case => [name, way, { header: change }]
const params = (name: string, way: Way, change: Record<string, string | undefined>): Case => [
  name,
  way,
  { params: change },
]
const head = (name: string, way: Way, headers: Record<string, string | string[]>): Case => [
  name,
  way,
  { request: { headers } },
]

const FORMS: readonly Case[] = [
  ['a plain request', 'plain', {}],
  form('a known name twice', 'engine', (text) => `${text}&scope=posts%3Aread&scope=posts%3Aread`),
  form(
    'the assertion twice',
    'engine',
    (text) => `${text}&${text.split('&').find((pair) => pair.startsWith('client_assertion='))}`,
  ),
  form('an unknown parameter', 'engine', (text) => `${text}&colour=blue`),
  form('an unknown parameter twice', 'engine', (text) => `${text}&a=1&a=2`),
  form('an unknown parameter without value', 'engine', (text) => `${text}&a`),
  form('an empty pair', 'engine', (text) => `${text}&&`),
  form('an empty scope', 'engine', (text) => `${text}&scope=`),
  form('an empty resource', 'engine', (text) => `${text}&resource=`),
  form('a NUL in a value', 'engine', (text) => `${text}&scope=posts%00`),
  form('bad percent-encoding', 'engine', (text) => `${text}&scope=posts%3`),
  form('bad UTF-8', 'engine', (text) => `${text}&scope=%C3%28`),
  form('raw bytes', 'engine', (text) => Buffer.concat([Buffer.from(`${text}&scope=`), Buffer.from([0xff, 0xfe])])),
  form('an encoded name', 'engine', (text) => text.replace('grant_type', 'grant%5Ftype')),
  form('a name in capitals', 'engine', (text) => text.replace('grant_type', 'GRANT_TYPE')),
  form('a semicolon between pairs', 'engine', (text) => text.replace('&', ';')),
  form('JSON under the type of a form', 'engine', () => '{"grant_type":"client_credentials"}'),
  form('nothing', 'engine', () => ''),
  form('more than the server reads', 'engine', (text) => `${text}&a=${'x'.repeat(60_000)}`),
  form('more than the direct path reads', 'engine', (text) => `${text}&a=${'x'.repeat(9000)}`),
  form('a value encoded needlessly', 'plain', (text) => text.replace('client_credentials', '%63lient_credentials')),
  params('another grant type', 'engine', { grant_type: 'authorization_code' }),
  params('no grant type', 'engine', { grant_type: undefined }),
  params('no assertion', 'engine', { client_assertion: undefined }),
  params('no assertion type', 'engine', { client_assertion_type: undefined }),
  params('another assertion type', 'engine', {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
  }),
  params('another client_id', 'engine', { client_id: 'somebody-else' }),
  params('a secret beside', 'engine', { client_secret: 'secret' }),
  params('authorization_details', 'engine', { authorization_details: '[]' }),
  ['chunked', 'engine', { request: { chunked: true, headers: { 'transfer-encoding': 'chunked' } } }],
  ['a query beside', 'engine', { request: { path: '/token?scope=posts%3Aread' } }],
  ['an empty query', 'plain', { request: { path: '/token?' } }],
  ['a path in capitals', 'engine', { request: { path: '/TOKEN' } }],
  ['a path with a slash', 'engine', { request: { path: '/token/' } }],
  ['GET', 'engine', { request: { method: 'GET' } }],
  ['PUT', 'engine', { request: { method: 'PUT' } }],
  head('a charset', 'plain', { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' }),
  head('a charset after a blank', 'plain', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }),
  head('another charset', 'engine', { 'content-type': 'application/x-www-form-urlencoded; charset=latin1' }),
  head('an unknown charset', 'engine', { 'content-type': 'application/x-www-form-urlencoded; charset=klingon' }),
  head('another type', 'engine', { 'content-type': 'application/json' }),
  head('Accept: text/html', 'plain', { accept: 'text/html' }),
  head('X-Request-Id', 'plain', { 'x-request-id': 'of-the-caller' }),
]

const AUTHENTICATION: readonly Case[] = [
  head('Basic beside the assertion', 'engine', { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }),
  head('Bearer beside the assertion', 'engine', { authorization: 'Bearer x' }),
  head('a DPoP proof that is none', 'engine', { dpop: 'x' }),
  head('an Origin', 'engine', { origin: 'https://app.example.com' }),
  head('a certificate in a header of a stranger', 'plain', { 'client-cert': ':AAAA:' }),
  header('alg none', 'engine', { alg: 'none' }),
  header('alg HS256', 'engine', { alg: 'HS256' }),
  header('alg ES384', 'engine', { alg: 'ES384' }),
  header('alg absent', 'engine', { alg: undefined }),
  header('alg of another key type', 'engine', { alg: 'RS256' }),
  header('kid absent', 'plain', { kid: undefined }),
  header('kid unknown', 'engine', { kid: 'k9' }),
  header('kid not a text', 'engine', { kid: 1 }),
  header('kid empty', 'engine', { kid: '' }),
  header('typ JWT', 'plain', { typ: 'JWT' }),
  header('typ client-authentication+jwt', 'plain', { typ: 'client-authentication+jwt' }),
  header('typ at+jwt', 'engine', { typ: 'at+jwt' }),
  header('typ not a text', 'engine', { typ: 7 }),
  header('crit', 'engine', { crit: ['b64'] }),
  header('b64', 'engine', { b64: false, crit: ['b64'] }),
  header('an embedded key', 'engine', { jwk: { kty: 'EC' } }),
  header('a key address', 'engine', { jku: OTHER }),
  ['blanks in the claims', 'engine', { claimsText: (text) => text.replace(',', ', ') }],
  ['a repeated claim', 'engine', { claimsText: (text) => text.replace('{', '{"aud":"https://evil.example.com",') }],
  ['a repeated header member', 'engine', { headerText: (text) => text.replace('{', '{"alg":"none",') }],
  ['claims that are an array', 'engine', { claimsText: () => '[]' }],
  ['claims that are no JSON', 'engine', { claimsText: () => '{' }],
  ['a byte order mark', 'engine', { claimsText: (text) => `\uFEFF${text}` }],
  ['claims outside ASCII', 'engine', { claims: { name: 'Zoë' } }],
  ['an unknown claim', 'plain', { claims: { name: 'Zoe' } }],
  ['two parts', 'engine', { assertion: (jwt) => jwt.split('.').slice(0, 2).join('.') }],
  ['four parts', 'engine', { assertion: (jwt) => `${jwt}.x` }],
  ['five parts', 'engine', { assertion: () => 'a.b.c.d.e' }],
  ['padding', 'engine', { assertion: (jwt) => `${jwt}==` }],
  ['the alphabet of base64', 'engine', { claims: { x: '~~~~' }, assertion: (jwt) => jwt.replaceAll('-', '+') }],
  ['spare bits in the signature', 'engine', { assertion: spareBits }],
  ['a DER signature', 'engine', { signature: () => Buffer.from('3006020101020101', 'hex') }],
  ['a signature of zeros', 'engine', { signature: ({ length }) => Buffer.alloc(length) }],
  ['a short signature', 'engine', { signature: (bytes) => bytes.subarray(0, 63) }],
  ['a long signature', 'engine', { signature: (bytes) => Buffer.concat([bytes, Buffer.from([0])]) }],
  ['a changed signature', 'engine', { signature: (bytes) => (bytes.writeUInt8(bytes.readUInt8(5) ^ 1, 5), bytes) }],
]

/** Sets a bit behind the last byte, which lenient decoders drop. 64 bytes end with four spare bits. */
function spareBits(jwt: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return jwt.slice(0, -1) + alphabet.charAt(alphabet.indexOf(jwt.slice(-1)) + 1)
}

const CLAIMS: readonly Case[] = [
  claims('iss of another', 'engine', { iss: 'somebody-else' }),
  claims('iss absent', 'engine', { iss: undefined }),
  claims('sub absent', 'engine', { sub: undefined }),
  claims('sub of nobody', 'engine', { sub: 'nobody', iss: 'nobody' }),
  claims('sub not a text', 'engine', { sub: 7 }),
  claims('sub a URL', 'engine', { sub: OTHER, iss: OTHER }),
  claims('aud another server', 'engine', { aud: OTHER }),
  claims('aud absent', 'engine', { aud: undefined }),
  claims('aud two values', 'engine', { aud: [OTHER, OTHER] }),
  claims('aud an empty array', 'engine', { aud: [] }),
  claims('exp absent', 'engine', { exp: undefined }),
  claims('exp a text', 'engine', { exp: '1' }),
  claims('exp a fraction', 'engine', (now) => ({ exp: now + 100.5 })),
  claims('exp huge', 'engine', { exp: 1e300 }),
  claims('exp past', 'engine', (now) => ({ exp: now - 120, iat: now - 180 })),
  claims('exp past, within the tolerance', 'plain', (now) => ({ exp: now - 1, iat: now - 60 })),
  claims('exp an hour after iat', 'plain', (now) => ({ exp: now + 3500, iat: now - 100 })),
  claims('exp more than an hour after iat', 'engine', (now) => ({ exp: now + 3600, iat: now - 100 })),
  claims('iat absent', 'plain', { iat: undefined }),
  claims('iat a text', 'engine', { iat: 'now' }),
  claims('iat ahead, within the tolerance', 'plain', (now) => ({ iat: now + 30, exp: now + 90 })),
  claims('iat far ahead', 'engine', (now) => ({ iat: now + 300, exp: now + 360 })),
  claims('iat zero', 'engine', { iat: 0 }),
  claims('nbf past', 'plain', (now) => ({ nbf: now - 10 })),
  claims('nbf ahead, within the tolerance', 'plain', (now) => ({ nbf: now + 30 })),
  claims('nbf far ahead', 'engine', (now) => ({ nbf: now + 300 })),
  claims('nbf a text', 'engine', { nbf: 'now' }),
  claims('nbf a fraction', 'engine', (now) => ({ nbf: now - 10.5 })),
  claims('jti absent', 'engine', { jti: undefined }),
  claims('jti empty', 'engine', { jti: '' }),
  claims('jti not a text', 'engine', { jti: 7 }),
  claims('jti too long', 'engine', { jti: 'x'.repeat(513) }),
]

const of = (client: string, way: Way, name: string, also: Change = {}): Case => [name, way, { client, ...also }]

const RESULTS: readonly Case[] = [
  params('the scope by name', 'plain', { scope: 'posts:read' }),
  params('the scope twice', 'plain', { scope: 'posts:read posts:read' }),
  params('a scope that it may not have', 'engine', { scope: 'posts:write' }),
  params('an unknown scope', 'engine', { scope: 'posts:burn' }),
  params('openid', 'engine', { scope: 'openid posts:read' }),
  params('blanks around the scope', 'engine', { scope: ' posts:read ' }),
  params('two blanks in the scope', 'engine', { scope: 'posts:read  posts:read' }),
  params('a quote in the scope', 'engine', { scope: 'posts:"read"' }),
  params('the resource by name', 'plain', { resource: 'https://api.example.com' }),
  params('the resource in another spelling', 'plain', { resource: 'HTTPS://API.example.com/' }),
  params('an unknown resource', 'engine', { resource: OTHER }),
  params('a resource that is no URL', 'engine', { resource: 'posts' }),
  params('a resource of others', 'engine', { resource: 'https://closed.example.com' }),
  form('two resources', 'engine', (text) => `${text}&resource=https%3A%2F%2Fapi.example.com&resource=${OTHER}`),
  params('its client_id', 'plain', { client_id: 'CLIENT' }),
  of('several', 'engine', 'no resource named where there are several'),
  of('several', 'plain', 'one of several resources', { params: { resource: 'https://rs256.example.com' } }),
  of('several', 'engine', 'an opaque resource', { params: { resource: 'https://opaque.example.com' } }),
  of('several', 'plain', 'a resource with typ JWT', { params: { resource: 'https://typ.example.com' } }),
  of('default', 'plain', 'the default resource'),
  of('disabled', 'engine', 'a disabled client'),
  of('secret', 'engine', 'a client with a secret'),
  of('bound', 'engine', 'a client whose tokens are bound'),
  of('fapi2', 'engine', 'a client of the profile fapi2'),
  of('web', 'engine', 'a client without the grant type'),
  of('revoked', 'engine', 'a revoked key'),
  of('two-keys', 'engine', 'two keys without a kid', { header: { kid: undefined } }),
  of('two-keys', 'plain', 'one of two keys'),
  of('endpoint', 'plain', 'the token endpoint as audience', { claims: { aud: 'TOKEN_ENDPOINT' } }),
  of('plain', 'engine', 'the token endpoint as audience of a client that is not registered for it', {
    claims: { aud: 'TOKEN_ENDPOINT' },
  }),
  of('plain', 'plain', 'an array of one audience', { claims: { aud: ['ISSUER'] } }),
  of('short', 'engine', 'a longer lifetime than registered', { claims: (now) => ({ exp: now + 200 }) }),
  of('rsa', 'plain', 'RS256'),
  of('ps256', 'plain', 'PS256'),
  of('eddsa', 'plain', 'EdDSA'),
  of('alg', 'engine', 'an algorithm that the client is not registered for'),
]

export const CORPUS: readonly Case[] = [...FORMS, ...AUTHENTICATION, ...CLAIMS, ...RESULTS]
