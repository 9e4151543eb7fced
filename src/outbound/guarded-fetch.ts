/** Fetches URLs that others supply: no private addresses, no redirects, DNS pinning, bounded time and size. */
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Agent } from 'undici'
import { AppError } from '#shared/app-error.ts'

const TIMEOUT_MS = 2000
const MAX_BODY_BYTES = 512 * 1024

/** The URL is not allowed, or its answer is not accepted. The message reveals nothing about what is at the address. */
export class FetchRefused extends AppError {
  override readonly code = 'fetch_refused'
  override readonly status = 502
}

export interface GuardedFetch {
  /**
   * Sends GET, or `request`. The response body is already read. Throws FetchRefused for what is not allowed; other
   * errors are those of fetch.
   */
  (url: string | URL, headers?: Readonly<Record<string, string>>, request?: OutboundRequest): Promise<Response>
}

export interface OutboundRequest {
  readonly method: string
  readonly body: string | null
  /** Bytes of the answer that are read at most, 512 KiB by default. */
  readonly maxBytes?: number
}

export interface GuardedFetchOptions {
  readonly allow: readonly string[]
  /** Time limit of the whole exchange, 2 s by default. */
  readonly timeoutMs?: number
}

/**
 * Creates the fetch. `allow` lists the private hosts and CIDR ranges that may be reached (`SIGNET_FETCH_ALLOW`). A host
 * is resolved once, each of its addresses is checked, and the connection goes to one of them, so DNS rebinding has no
 * effect.
 */
export function createGuardedFetch({ allow, timeoutMs = TIMEOUT_MS }: GuardedFetchOptions): GuardedFetch {
  const assertAllowed = createAddressCheck(allow)
  let client: ReturnType<typeof importClient> | undefined

  return async (url, headers = {}, { maxBytes = MAX_BODY_BYTES, ...request } = { method: 'GET', body: null }) => {
    const target = new URL(url)
    if (!['http:', 'https:'].includes(target.protocol))
      throw new FetchRefused(`${target.protocol} URLs are not fetched.`)
    const host = target.hostname.replace(/^\[|\]$/g, '')
    // a literal address is not resolved, so the lookup below never sees it
    if (isIP(host)) assertAllowed(host, host)
    client ??= importClient(assertAllowed, timeoutMs)
    const { fetch, agent } = await client
    const response = await fetch(target.href, {
      ...request,
      // counts a compressed answer, which is not requested, after decompression
      headers: { ...headers, 'accept-encoding': 'identity' },
      redirect: 'manual',
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    })
    // 304 answers a conditional request and leads nowhere else
    if (response.status >= 300 && response.status < 400 && response.status !== 304) {
      await response.body?.cancel()
      throw new FetchRefused(`${target.host} answered with a redirect, which is not followed.`)
    }
    const body = await readBounded(response.body, target.host, maxBytes)
    return new Response(body.byteLength === 0 ? null : body, {
      status: response.status,
      headers: Object.fromEntries(response.headers),
    })
  }
}

/** Reads the whole body. Throws FetchRefused beyond `maxBytes`, counted after decompression. */
async function readBounded(
  stream: AsyncIterable<Uint8Array> | null,
  host: string,
  maxBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  // leaving the loop cancels the stream
  for await (const chunk of stream ?? []) {
    length += chunk.byteLength
    if (length > maxBytes) throw new FetchRefused(`${host} answered with more than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Imports undici with the first fetch: many servers never make one, and loading it slows every start. */
async function importClient(assertAllowed: AddressCheck, timeoutMs: number) {
  const { Agent, fetch } = await import('undici')
  const agent: Agent = new Agent({
    connect: { lookup: pinnedLookup(assertAllowed), timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MAX_BODY_BYTES,
    keepAliveTimeout: 1000,
    connections: 4,
  })
  return { fetch, agent }
}

type AddressCheck = (host: string, address: string) => void

/** Creates the check of one address. It throws FetchRefused unless the address is public or listed in `allow`. */
export function createAddressCheck(allow: readonly string[]): AddressCheck {
  const ranges = allow.filter((entry) => isIP(entry.split('/', 1)[0] as string) !== 0).map(parseRange)
  const hosts = new Set(allow.map((entry) => entry.toLowerCase()))
  return (host, address) => {
    const parsed = ipaddr.process(address)
    if (isPublic(parsed) || hosts.has(host.toLowerCase())) return
    if (ranges.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))) return
    throw new FetchRefused(`${host} is a private address. Name it in SIGNET_FETCH_ALLOW if it is meant.`)
  }
}

/** The only IPv6 block with public addresses (RFC 4291 §2.4, the IANA registry). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/**
 * Whether an address is public (RFC 6890): not loopback, link-local, private, documentation … An IPv6 address that
 * carries an IPv4 address leads to it: IPv4-mapped ones are checked as the address inside (`ipaddr.process`),
 * IPv4-compatible and translated ones are outside the global block, 6to4 and Teredo have ranges of their own, and
 * ISATAP shows in the interface identifier (RFC 5214 §6.1).
 */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false
  if (!(address instanceof ipaddr.IPv6)) return true
  const [, , , , upper = 0, lower] = address.parts
  const isIsatap = (upper & ~0x0200) === 0 && lower === 0x5efe
  return address.match(GLOBAL_UNICAST) && !isIsatap
}

function parseRange(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry)
  const address = ipaddr.parse(entry)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void

function pinnedLookup(assertAllowed: AddressCheck) {
  return (host: string, options: LookupOptions, done: LookupDone): void => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, [])
      try {
        for (const { address } of addresses) assertAllowed(host, address)
      } catch (refused) {
        return done(refused as Error, [])
      }
      const first = addresses[0] as LookupAddress
      return options.all ? done(null, addresses) : done(null, first.address, first.family)
    })
  }
}
