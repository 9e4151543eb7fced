/** What holds of every host, URL, cookie and JSON text that reaches the edge. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  dictionary,
  domain,
  integer,
  jsonValue,
  oneof,
  property,
  string,
  stringMatching,
  tuple,
  webUrl,
} from 'fast-check'
import Koa, { type Context } from 'koa'
import { describe, expect, test } from 'vitest'
import { createCsrf } from '#http/csrf.ts'
import { RequestError } from '#http/errors.ts'
import { hostAllowList } from '#http/host-allow-list.ts'
import { isDecodable } from '#http/malformed-url.ts'
import { repeatedMember } from '#http/repeated-member.ts'

const RUNS = { numRuns: 1000 }
const ISSUER = 'https://id.example.com'
const app = new Koa()

/** A real context of a request that never was on the wire. */
function contextOf(headers: readonly (readonly [string, string])[], url = '/'): Context {
  const request = new IncomingMessage(new Socket())
  request.url = url
  request.method = 'GET'
  request.rawHeaders = headers.flat()
  request.headers = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
  return app.createContext(request, new ServerResponse(request))
}

describe('the host allow-list', () => {
  const allow = hostAllowList([ISSUER])
  async function outcome(headers: readonly (readonly [string, string])[], url?: string): Promise<Context | number> {
    const ctx = contextOf(headers, url)
    try {
      await allow(ctx, () => Promise.resolve())
      return ctx
    } catch (error) {
      expect(error).toBeInstanceOf(RequestError)
      return (error as RequestError).status
    }
  }
  const host = oneof(
    constantFrom('id.example.com', 'ID.example.COM', 'id.example.com:443', 'id.example.com.', 'id.example.com:80', ''),
    tuple(
      constantFrom('', 'evil.', 'a@', ' '),
      constantFrom('id.example.com'),
      constantFrom('', ':443', '.evil', '\t', '@b', '/'),
    ).map((parts) => parts.join('')),
    domain(),
    string({ unit: 'binary' }),
  )

  test('lets nothing through but the host of the issuer, with its port or without', async () => {
    await assert(
      asyncProperty(host, async (value) => {
        const right = ['id.example.com', 'id.example.com:443'].includes(value.toLowerCase())
        const result = await outcome([['Host', value]])
        if (right) expect(result).toBeTypeOf('object')
        else expect([400, 421]).toContain(result)
      }),
      RUNS,
    )
  })

  test('leaves nothing but a path of the request target, whose host counts as well', async () => {
    const target = oneof(
      webUrl({ withQueryParameters: true }),
      string({ unit: 'binary' }),
      constantFrom('*', `${ISSUER}/a?b`),
    )
    await assert(
      asyncProperty(target, async (url) => {
        const result = await outcome([['Host', 'id.example.com']], url)
        if (typeof result === 'number') {
          expect([400, 421]).toContain(result)
          return
        }
        expect(result.req.url?.startsWith('/')).toBe(true)
        if (!url.startsWith('/')) expect(new URL(url).host).toBe('id.example.com')
      }),
      RUNS,
    )
  })

  test('takes two Host headers from nobody, in whatever case they are written', async () => {
    const name = constantFrom('Host', 'host', 'HOST', 'hOsT')
    await assert(
      asyncProperty(name, name, async (one, other) => {
        const twice = [one, other].map((header) => [header, 'id.example.com'] as const)
        expect(await outcome(twice)).toBe(400)
      }),
    )
  })
})

test('percent-encoding is taken exactly when it decodes to text without NUL', () => {
  const piece = oneof(
    stringMatching(/^%[0-9A-Fa-f]{2}$/),
    constantFrom('%', '%0', '%zz', '%00', '%c3%a9', '%c3%28', '%ed%a0%80', '%f0%9f%92%a5', 'a', '/', '?'),
  )
  assert(
    property(array(piece, { maxLength: 10 }), (pieces) => {
      const bytes = Buffer.from(
        pieces
          .join('')
          .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      )
      const wellFormed = !/%(?![0-9A-Fa-f]{2})/.test(pieces.join(''))
      const isText = Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes)
      expect(isDecodable(pieces.join(''))).toBe(wellFormed && isText && !bytes.includes(0))
    }),
    RUNS,
  )
})

describe('a member that JSON names twice', () => {
  test('is never seen in what JSON.stringify writes', () => {
    assert(
      property(jsonValue(), integer({ min: 0, max: 3 }), (value, indent) => {
        expect(repeatedMember(JSON.stringify(value, undefined, indent))).toBeUndefined()
      }),
      RUNS,
    )
  })

  test('is found wherever it stands, whatever its name and however it is escaped', () => {
    const escaped = (name: string) => JSON.stringify(name).slice(1, -1)
    const unicode = (name: string) =>
      name
        .split('')
        .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('')
    assert(
      property(
        string(),
        dictionary(string(), jsonValue(), { maxKeys: 4 }),
        array(jsonValue()),
        (name, others, list) => {
          const rest = Object.entries(others)
            .filter(([other]) => other !== name)
            .map(([other, value]) => `,${JSON.stringify(other)}:${JSON.stringify(value)}`)
          const twice = `{"${escaped(name)}":${JSON.stringify(list)}${rest.join('')},"${unicode(name)}":1}`
          for (const text of [twice, `[${twice}]`, `{"a":{"b":[0,${twice}]}}`]) {
            JSON.parse(text)
            expect(repeatedMember(text)).toBeDefined()
          }
        },
      ),
      RUNS,
    )
  })
})

describe('the protection of forms', () => {
  const csrf = createCsrf({ keys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)], issuer: ISSUER })
  const cookie = (value: string): readonly [string, string] => ['Cookie', value]
  const id = 'A'.repeat(43)
  const own = cookie(`__Host-signet-form=${id}`)
  const passes = (
    headers: readonly (readonly [string, string])[],
    token: string | undefined,
    binding: string,
  ): boolean => csrf.accepts(contextOf(headers), token, binding)

  test('takes a form for what it was made for and for nothing else', () => {
    assert(
      property(string(), string(), (made, sent) => {
        const token = csrf.field(contextOf([own]), made).value
        expect(passes([own], token, made)).toBe(true)
        expect(passes([own], token, sent)).toBe(made === sent)
      }),
      RUNS,
    )
  })

  test('takes no form with a token that it did not make, or from a browser with another cookie, however that is written', () => {
    const binding = 'an interaction'
    const token = csrf.field(contextOf([own]), binding).value
    const header = oneof(
      string({ unit: 'binary' }),
      array(
        tuple(
          constantFrom('__Host-signet-form', '__host-signet-form', ' __Host-signet-form', 'a', ''),
          oneof(string(), constantFrom(id.slice(1), `${id}A`, 'B'.repeat(43))),
        ),
        { maxLength: 4 },
      ).map((cookies) => cookies.map((pair) => pair.join('=')).join('; ')),
    )
    assert(
      property(header, string({ unit: 'binary' }), (cookies, forged) => {
        expect(passes([own], forged, binding)).toBe(false)
        if (!cookies.includes(id)) expect(passes([cookie(cookies)], token, binding)).toBe(false)
      }),
      RUNS,
    )
  })

  test('takes no form that a browser says came from another site', () => {
    const token = csrf.field(contextOf([own]), 'x').value
    assert(
      property(oneof(constantFrom('cross-site', 'same-site', 'NONE'), stringMatching(/^[a-z-]{1,20}$/)), (site) => {
        const believed = ['same-origin', 'none'].includes(site)
        expect(passes([own, ['Sec-Fetch-Site', site]], token, 'x')).toBe(believed)
      }),
    )
  })
})
