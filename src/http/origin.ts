/** Finds the client address of a request, trusting forwarding headers only from trusted proxies. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Context, Middleware } from 'koa'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { requestState } from './request-state.ts'

/** More hops than any deployment has; further entries are ignored. */
const MAX_HOPS = 10

/** Headers by which a proxy describes the caller, or a caller could impersonate a proxy. */
const FORWARDING_HEADERS = new Set([
  'cf-connecting-ip',
  'client-cert',
  'client-cert-chain',
  'forwarded',
  'true-client-ip',
  'x-client-cert',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-http-method-override',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
  'x-ssl-client-cert',
])
/** The certificate that a TLS-terminating proxy received (RFC 9440); kept from trusted proxies. */
const CLIENT_CERT_HEADERS = new Set(['client-cert', 'client-cert-chain'])

/** Headers that show that a proxy passed the request on. */
const PROXY_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const
/** Kinds of addresses that proxies of a deployment have. */
const NEARBY: ReadonlySet<string> = new Set(['private', 'loopback', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'])

export interface OriginDeps {
  readonly issuer: string
  readonly trustedProxies: readonly string[]
  readonly logger: Pick<Logger, 'warn'>
  readonly metrics: Pick<Metrics, 'forwardingIgnored'>
}

interface Peer {
  readonly address: string
  readonly trusted: boolean
  /** Whether it is nearby, so may be a proxy that the settings forgot. */
  readonly mayBeProxy: boolean
}

export interface RequestOrigin {
  readonly address: string
  readonly requestId: string
  readonly callerRequestId?: string
}

/** Returns the address and request ids of a request, for audit events. */
export function requestOrigin(ctx: Context): RequestOrigin {
  const { address, requestId, callerRequestId } = requestState(ctx)
  return {
    address: address ?? plainAddress(ctx.req.socket.remoteAddress),
    requestId: requestId ?? '',
    ...(callerRequestId === undefined ? {} : { callerRequestId }),
  }
}

/**
 * Finds the client address and replaces the forwarding headers: `X-Forwarded-For` then contains only that address and
 * `X-Forwarded-Proto` the issuer's scheme. So Koa and the engine, with `proxy` on, read only what was written here.
 * `Forwarded` is never read, because a proxy that writes one of the two headers passes the other on as the caller sent
 * it.
 */
export function origin(options: OriginDeps): Middleware {
  const isTrusted = createProxyTest(options.trustedProxies)
  const ignored = createIgnoredProxies(options)
  const scheme = new URL(options.issuer).protocol.slice(0, -1)
  // all requests of a connection have the same peer
  const peers = new WeakMap<Socket, Peer>()

  function peerOf(socket: Socket): Peer {
    let peer = peers.get(socket)
    if (!peer) {
      const plain = plainAddress(socket.remoteAddress)
      const trusted = isTrusted(plain)
      peer = { address: plain, trusted, mayBeProxy: !trusted && isNearby(plain) }
      peers.set(socket, peer)
    }
    return peer
  }

  return (ctx, next) => {
    const { headers, socket } = ctx.req
    const { address: peer, trusted, mayBeProxy } = peerOf(socket)
    requestState(ctx).behindProxy = trusted
    if (mayBeProxy && PROXY_HEADERS.some((name) => headers[name] !== undefined)) ignored(peer)
    const address = trusted ? forwardedAddress(peer, headers['x-forwarded-for'], isTrusted) : peer
    dropForwardingHeaders(headers, trusted)
    headers['x-forwarded-for'] = address
    headers['x-forwarded-proto'] = scheme
    requestState(ctx).address = address
    return next()
  }
}

/**
 * Counts requests of a proxy that is not trusted, and warns of the first: behind such a proxy everyone has the same
 * address, so the attempt limits of one stop all.
 */
function createIgnoredProxies({ logger, metrics }: OriginDeps): (peer: string) => void {
  let isFirst = true
  return (peer) => {
    metrics.forwardingIgnored()
    if (isFirst) {
      logger.warn(
        { peer },
        `forwarding headers from ${peer} are ignored, so all requests through it count as one address; ` +
          'if it is your proxy, add it to SIGNET_TRUSTED_PROXIES',
      )
    }
    isFirst = false
  }
}

function isNearby(address: string): boolean {
  return ipaddr.isValid(address) && NEARBY.has(ipaddr.process(address).range())
}

/** Creates a test whether an address is in one of the CIDR ranges or single addresses. Throws on a malformed range. */
export function createProxyTest(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map((range) => ipaddr.parseCIDR(range.includes('/') ? range : singleAddress(range)))
  return (address) => {
    if (parsed.length === 0 || !ipaddr.isValid(address)) return false
    const candidate = ipaddr.process(address)
    return parsed.some(([network, bits]) => network.kind() === candidate.kind() && candidate.match(network, bits))
  }
}

function singleAddress(address: string): string {
  return `${address}/${ipaddr.parse(address).kind() === 'ipv4' ? 32 : 128}`
}

/**
 * Returns the first address from the right that is not a trusted proxy; the caller can have invented everything left of
 * it.
 */
function forwardedAddress(
  peer: string,
  header: string | string[] | undefined,
  isTrusted: (address: string) => boolean,
): string {
  if (typeof header !== 'string') return peer
  let rest = header
  let address = peer
  for (let hop = 0; hop < MAX_HOPS && rest !== ''; hop += 1) {
    const comma = rest.lastIndexOf(',')
    const candidate = withoutPort(rest.slice(comma + 1).trim())
    if (!ipaddr.isValid(candidate)) return address
    address = plainAddress(candidate)
    if (!isTrusted(address)) return address
    rest = comma === -1 ? '' : rest.slice(0, comma)
  }
  return address
}

/** Removes a port, which some proxies append: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(value: string): string {
  if (value.length > 60) return ''
  if (value.startsWith('[')) return value.slice(1, Math.max(1, value.indexOf(']')))
  const colon = value.indexOf(':')
  return colon !== -1 && colon === value.lastIndexOf(':') ? value.slice(0, colon) : value
}

/** Returns the address without a zone, with IPv4-mapped addresses in IPv4 notation. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  const bare = address.split('%', 1)[0] as string
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : ''
}

function dropForwardingHeaders(headers: IncomingHttpHeaders, trusted: boolean): void {
  for (const name of Object.keys(headers)) {
    const forwarding = name.startsWith('x-forwarded-') || FORWARDING_HEADERS.has(name)
    if (forwarding && !(trusted && CLIENT_CERT_HEADERS.has(name))) delete headers[name]
  }
}
