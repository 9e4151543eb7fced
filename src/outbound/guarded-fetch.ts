/** The one client for URLs that others name: no private address, no redirect, pinned resolution, bounded in time and size. */
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Agent } from 'undici'
import { AppError } from '#shared/app-error.ts'

const TIMEOUT_MS = 2000
const MAX_BODY_BYTES = 512 * 1024

/** A URL that must not be fetched, or an answer that is not taken. Nothing was learned from the address. */
export class FetchRefused extends AppError {
  override readonly code = 'fetch_refused'
  override readonly status = 502
}

export interface GuardedFetch {
  /**
   * GET, or what `sent` says. Throws FetchRefused for what is not allowed; other failures are those of fetch. The body
   * is read already.
   */
  (url: string | URL, headers?: Readonly<Record<string, string>>, sent?: SentBody): Promise<Response>
}

export interface SentBody {
  readonly method: string
  readonly body: string | null
}

export interface GuardedFetchOptions {
  readonly allow: readonly string[]
  /** For the whole of it; two seconds unless what is asked has more to do than to send a document. */
  readonly timeoutMs?: number
}

/**
 * `allow` names hosts and CIDR ranges that may be reached although they are private: `SIGNET_FETCH_ALLOW`. A host is
 * resolved once, every address it has is judged, and the connection goes to one of those: an answer that changes
 * between the check and the use (DNS rebinding) changes nothing.
 */
export function createGuardedFetch({ allow, timeoutMs = TIMEOUT_MS }: GuardedFetchOptions): GuardedFetch {
  const judge = createJudge(allow)
  let client: ReturnType<typeof loadClient> | undefined

  return async (url, headers = {}, sent = { method: 'GET', body: null }) => {
    const target = new URL(url)
    if (!['http:', 'https:'].includes(target.protocol))
      throw new FetchRefused(`${target.protocol} URLs are not fetched.`)
    const host = target.hostname.replace(/^\[|\]$/g, '')
    // an address needs no resolution, so the lookup below is never asked about it
    if (isIP(host)) judge(host, host)
    client ??= loadClient(judge, timeoutMs)
    const { fetch, agent } = await client
    const response = await fetch(target.href, {
      ...sent,
      // an answer that is compressed nonetheless is counted as it unpacks
      headers: { ...headers, 'accept-encoding': 'identity' },
      redirect: 'manual',
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw new FetchRefused(`${target.host} answered with a redirect, which is not followed.`)
    }
    const body = await readBounded(response.body, target.host)
    return new Response(body.byteLength === 0 ? null : body, {
      status: response.status,
      headers: Object.fromEntries(response.headers),
    })
  }
}

/** Reads a body to its end. Throws FetchRefused once it has more than MAX_BODY_BYTES, counted after decompression. */
async function readBounded(stream: AsyncIterable<Uint8Array> | null, host: string): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  // leaving the loop cancels the stream
  for await (const chunk of stream ?? []) {
    length += chunk.byteLength
    if (length > MAX_BODY_BYTES) throw new FetchRefused(`${host} answered with more than ${MAX_BODY_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Loaded with the first fetch: many servers never make one, and every start would wait for it. */
async function loadClient(judge: Judge, timeoutMs: number) {
  const { Agent, fetch } = await import('undici')
  const agent: Agent = new Agent({
    connect: { lookup: pinnedLookup(judge), timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MAX_BODY_BYTES,
    keepAliveTimeout: 1000,
    connections: 4,
  })
  return { fetch, agent }
}

type Judge = (host: string, address: string) => void

/** Throws for an address that is not public unless the host or the address is allowed. */
function createJudge(allow: readonly string[]): Judge {
  const ranges = allow.filter((entry) => isIP(entry.split('/', 1)[0] as string) !== 0).map(parseRange)
  const hosts = new Set(allow.map((entry) => entry.toLowerCase()))
  return (host, address) => {
    const parsed = ipaddr.process(address)
    if (isPublic(parsed) || hosts.has(host.toLowerCase())) return
    if (ranges.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))) return
    throw new FetchRefused(`${host} is a private address. Name it in SIGNET_FETCH_ALLOW if it is meant.`)
  }
}

/** The only IPv6 block of which addresses are given out to the public (RFC 4291 §2.4, the IANA registry). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/**
 * RFC 6890: public is what has no other purpose; not loopback, link-local, private, documentation … IPv6 addresses that
 * carry an IPv4 address reach that one somewhere: IPv4-mapped ones are judged as the address inside (`ipaddr.process`),
 * IPv4-compatible and translated ones lie outside the global block, 6to4 and Teredo have ranges of their own, and
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

function pinnedLookup(judge: Judge) {
  return (host: string, options: LookupOptions, done: LookupDone): void => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, [])
      try {
        for (const { address } of addresses) judge(host, address)
      } catch (refused) {
        return done(refused as Error, [])
      }
      const first = addresses[0] as LookupAddress
      return options.all ? done(null, addresses) : done(null, first.address, first.family)
    })
  }
}
