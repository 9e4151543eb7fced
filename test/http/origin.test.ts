import type { Context } from 'koa'
import { describe, expect, test } from 'vitest'
import { createProxyTest, origin, type OriginDeps, requestOrigin } from '#http/origin.ts'
import { rawRequest, startLoopback, type Loopback } from './loopback.ts'
import { recordedLog } from '../support/recorded-log.ts'
import { atMost } from '../support/time-limits.ts'

interface Seen {
  address: string
  ip: string
  ips: string[]
  protocol: string
  headers: Record<string, string>
}

function report(ctx: Context): void {
  ctx.body = {
    address: requestOrigin(ctx).address,
    ip: ctx.ip,
    ips: ctx.ips,
    protocol: ctx.protocol,
    headers: ctx.headers,
  }
}

async function seenBy(server: Loopback, headers: readonly string[]): Promise<Seen> {
  const answer = await server.send(rawRequest('/', [`Host: 127.0.0.1:${server.port}`, ...headers]))
  return JSON.parse(answer.body) as Seen
}

describe('the caller’s address', () => {
  test('is the socket’s when nobody is trusted, whatever the headers say', async () => {
    const server = await startLoopback([report])
    const seen = await seenBy(server, [
      'X-Forwarded-For: 203.0.113.9',
      'X-Forwarded-Proto: https',
      'X-Real-IP: 203.0.113.9',
      'Forwarded: for=203.0.113.9',
      'Client-Cert: :MIIB:',
      'Client-Cert-Chain: :MIIB:',
    ])
    expect(seen).toMatchObject({ address: '127.0.0.1', ip: '127.0.0.1', protocol: 'http' })
    expect(seen.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1' })
    for (const name of ['forwarded', 'x-real-ip', 'client-cert', 'client-cert-chain']) {
      expect(seen.headers).not.toHaveProperty(name)
    }
  })

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9, 10.0.0.5', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, garbage', '127.0.0.1'],
    ['203.0.113.9, garbage, 10.0.0.5', '10.0.0.5'],
    ['10.0.0.7, 10.0.0.5', '10.0.0.7'],
    ['10.0.0.12', '10.0.0.12'],
    // ten hops are followed, and no more
    [Array.from({ length: 11 }, (_, at) => `10.0.0.${20 - at}`).join(', '), '10.0.0.19'],
    ['', '127.0.0.1'],
  ])('from a trusted proxy that sends "%s" is %s', async (header, address) => {
    const server = await startLoopback([report], { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] })
    const seen = await seenBy(server, [`X-Forwarded-For: ${header}`])
    expect(seen).toMatchObject({ address, ip: address, ips: [address] })
  })

  test('is the proxy’s when it sends a thousand hops of its own', async () => {
    const server = await startLoopback([report], { trustedProxies: ['127.0.0.0/8'] })
    const before = performance.now()
    const seen = await seenBy(server, [`X-Forwarded-For: ${'127.0.0.2,'.repeat(1000)}127.0.0.2`])
    expect(seen.address).toBe('127.0.0.2')
    expect(performance.now() - before).toBeLessThan(atMost(1000))
  })

  test('keeps a client certificate that a trusted proxy vouches for', async () => {
    const server = await startLoopback([report], { trustedProxies: ['127.0.0.1'] })
    const seen = await seenBy(server, ['Client-Cert: :MIIB:', 'X-Forwarded-Host: evil.example'])
    expect(seen.headers).toMatchObject({ 'client-cert': ':MIIB:' })
    expect(seen.headers).not.toHaveProperty('x-forwarded-host')
  })

  test('does not match an IPv4 address with an IPv6 range, and refuses a malformed range', () => {
    expect(createProxyTest(['::/0'])('192.0.2.1')).toBe(false)
    expect(createProxyTest(['0.0.0.0/0'])('')).toBe(false)
    expect(createProxyTest(['10.0.0.0/8'])('::ffff:10.1.2.3')).toBe(true)
    expect(() => createProxyTest(['10.0.0.0/99'])).toThrow()
  })
})

describe('an address of the socket', () => {
  /** Runs the middleware for a request of the address, which a loopback connection cannot have. */
  async function seenFrom(remoteAddress: string | undefined) {
    let counted = 0
    const request = { headers: { 'x-real-ip': '192.0.2.1', accept: 'text/html' }, socket: { remoteAddress } }
    const ctx = { req: request, state: {} } as unknown as Context
    const metrics = { forwardingIgnored: () => void (counted += 1) }
    const deps = { issuer: 'https://as.example.com', trustedProxies: [], logger: recordedLog(), metrics }
    await origin(deps as unknown as OriginDeps)(ctx, async () => undefined)
    return { address: requestOrigin(ctx).address, counted, headers: ctx.req.headers }
  }

  test.each([
    ['203.0.113.9', '203.0.113.9', 0],
    ['2606:4700::1', '2606:4700::1', 0],
    ['10.1.2.3', '10.1.2.3', 1],
    ['::ffff:10.1.2.3', '10.1.2.3', 1],
    ['100.64.0.1', '100.64.0.1', 1],
    ['fd00::1', 'fd00::1', 1],
    ['fe80::1%eth0', 'fe80::1', 1],
    ['nowhere', '', 0],
    [undefined, '', 0],
  ])('%s is %j, and its forwarding headers count %d time as those of a proxy', async (remote, address, counted) => {
    expect(await seenFrom(remote)).toEqual({
      address,
      counted,
      headers: { accept: 'text/html', 'x-forwarded-for': address, 'x-forwarded-proto': 'https' },
    })
  })
})

describe('forwarding headers of a nearby sender that is no trusted proxy', () => {
  const counted = async (server: Loopback) =>
    /^signet_forwarding_headers_ignored_total (\d+)$/m.exec(await server.metricsText())?.[1]
  const warnings = (server: Loopback) => server.lines().filter(({ msg }) => String(msg).includes('forwarding headers'))

  test.each(['X-Forwarded-For: 203.0.113.9', 'Forwarded: for=203.0.113.9', 'X-Real-IP: 203.0.113.9'])(
    'are warned of once and counted each time: %s',
    async (header) => {
      const server = await startLoopback([report])
      for (let at = 0; at < 3; at += 1) await seenBy(server, [header])
      expect(warnings(server)).toEqual([
        expect.objectContaining({
          level: 'warn',
          peer: '127.0.0.1',
          msg:
            'forwarding headers from 127.0.0.1 are ignored, so all requests through it count as one address; ' +
            'if it is your proxy, add it to SIGNET_TRUSTED_PROXIES',
        }),
      ])
      expect(await counted(server)).toBe('3')
    },
  )

  test('are no matter where there are none, or the proxy is trusted', async () => {
    const [plain, trusting] = await Promise.all([
      startLoopback([report]),
      startLoopback([report], { trustedProxies: ['127.0.0.1'] }),
    ])
    await seenBy(plain, ['X-Http-Method-Override: PUT'])
    await seenBy(trusting, ['X-Forwarded-For: 203.0.113.9'])
    for (const server of [plain, trusting]) {
      expect(warnings(server)).toEqual([])
      expect(await counted(server)).toBe('0')
    }
  })
})
