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
      headers,
      redirect: 'manual',
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw new FetchRefused(`${target.host} answered with a redirect, which is not followed.`)
    }
    const body = await response.arrayBuffer()
    return new Response(body.byteLength === 0 ? null : body, {
      status: response.status,
      headers: Object.fromEntries(response.headers),
    })
  }
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
    // RFC 6890: everything that is not plainly public: loopback, link-local, private, documentation, translated …
    if (parsed.range() === 'unicast' || hosts.has(host.toLowerCase())) return
    if (ranges.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))) return
    throw new FetchRefused(`${host} is a private address. Name it in SIGNET_FETCH_ALLOW if it is meant.`)
  }
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
