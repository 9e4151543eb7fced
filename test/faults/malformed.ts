/** A small corpus of requests that nobody should send, each to be refused and none to be a bug. */

export interface Malformed {
  readonly what: string
  readonly path: string
  readonly init: RequestInit
}

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

const form = (what: string, path: string, body: string): Malformed => ({
  what,
  path,
  init: { method: 'POST', headers: FORM, body },
})

const claims = { iss: 'signet-cli', sub: 'signet-cli', aud: 'x', iat: 1, exp: 9_999_999_999, jti: 'j' }
const ASSERTIONS: Readonly<Record<string, string>> = {
  'no parts': 'x',
  'two parts': `${b64({ alg: 'ES256' })}.${b64(claims)}`,
  'five parts': 'a.b.c.d.e',
  'empty parts': '..',
  'no signature': `${b64({ alg: 'none' })}.${b64(claims)}.`,
  'a spelled-out none': `${b64({ alg: 'NoNe' })}.${b64(claims)}.AA`,
  'no algorithm': `${b64({})}.${b64(claims)}.AA`,
  'an algorithm that is a number': `${b64({ alg: 7 })}.${b64(claims)}.AA`,
  'an unknown crit': `${b64({ alg: 'ES256', crit: ['x'], x: 1 })}.${b64(claims)}.AA`,
  'a header that is no JSON': `!!!.${b64(claims)}.AA`,
  'a header that is an array': `${b64([])}.${b64(claims)}.AA`,
  'a payload that is no JSON': `${b64({ alg: 'ES256' })}.AAAA.AA`,
  'a payload that is null': `${b64({ alg: 'ES256' })}.${b64(null)}.AA`,
  'claims of the wrong types': `${b64({ alg: 'ES256' })}.${b64({ ...claims, exp: 'x', aud: {}, jti: 5 })}.AA`,
  'a zip': `${b64({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..AA.AA.AA`,
  'a million rounds': `${b64({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'AA' })}.AA.AA.AA.AA`,
  'a kid that is a path': `${b64({ alg: 'ES256', kid: '../../etc/passwd' })}.${b64(claims)}.AA`,
  'a signature of zeros': `${b64({ alg: 'ES256' })}.${b64(claims)}.${'A'.repeat(86)}`,
  'characters out of the alphabet': `${b64({ alg: 'ES256' })}.${b64(claims)}.ä✓`,
}

const TEXTS: Readonly<Record<string, string>> = {
  'a NUL': '%00',
  'broken UTF-8': '%C3%28',
  'a lone surrogate': '%ED%A0%80',
  'a lone percent': '%',
  'a line break': '%0d%0aX-Injected:%201',
  'an overlong slash': '%c0%af',
  'a long value': 'a'.repeat(20_000),
  'a quote': '%27%22%3E%3Cscript%3E',
}

const assertionType = encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')

export const MALFORMED: readonly Malformed[] = [
  ...Object.entries(ASSERTIONS).map(([what, assertion]) =>
    form(
      `an assertion with ${what}`,
      '/token',
      `grant_type=client_credentials&client_assertion_type=${assertionType}&client_assertion=${encodeURIComponent(assertion)}`,
    ),
  ),
  ...Object.entries(TEXTS).flatMap(([what, text]) => [
    form(`${what} as a refresh token`, '/token', `grant_type=refresh_token&client_id=x&refresh_token=${text}`),
    form(`${what} as a client`, '/token', `grant_type=authorization_code&code=c&client_id=${text}`),
    form(`${what} as a grant type`, '/token', `grant_type=${text}`),
    { what: `${what} at /authorize`, path: `/authorize?client_id=${text}&response_type=code`, init: {} },
    { what: `${what} in a path`, path: `/interaction/${text.slice(0, 2000)}`, init: {} },
    {
      what: `${what} as a bearer token`,
      path: '/userinfo',
      init: { headers: { authorization: `Bearer ${text.slice(0, 4000)}` } },
    },
    {
      what: `${what} as a cookie`,
      path: '/authorize?client_id=x',
      init: { headers: { cookie: `signet_session=${text.slice(0, 4000)}` } },
    },
  ]),
  form('a parameter twice', '/token', 'grant_type=client_credentials&grant_type=refresh_token'),
  form('no parameter', '/token', ''),
  form('ampersands', '/token', '&&&===&'),
  {
    what: 'JSON',
    path: '/token',
    init: { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' },
  },
  { what: 'a strange type', path: '/token', init: { method: 'POST', headers: { 'content-type': ';;;' }, body: 'a=b' } },
  {
    what: 'a strange charset',
    path: '/token',
    init: { method: 'POST', headers: { 'content-type': `${FORM['content-type']}; charset=x` }, body: 'a=b' },
  },
  {
    what: 'a broken gzip',
    path: '/token',
    init: { method: 'POST', headers: { ...FORM, 'content-encoding': 'gzip' }, body: 'a=b' },
  },
  {
    what: 'basic credentials that are none',
    path: '/token',
    init: { method: 'POST', headers: { ...FORM, authorization: 'Basic !!!' }, body: 'grant_type=client_credentials' },
  },
  {
    what: 'a broken admin object',
    path: '/admin/v1/clients',
    init: { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer x' }, body: '{"a":' },
  },
]
