/** Accepts only requests for the issuer's own hosts, so that no URL, link or audience depends on a request. */
import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import { RequestError } from './errors.ts'

/** RFC 9110 §7.2: `uri-host [ ":" port ]`; neither spaces nor userinfo. */
const HOST = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9.])?)(?::[0-9]{1,5})?$/i
const MAX_HOST = 262
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' }

/**
 * Answers 400 for a `Host` that is missing, repeated or malformed, and 421 for a foreign one (RFC 9110 §15.5.20).
 * `urls` are the issuer and any additional base URLs.
 */
export function hostAllowList(urls: readonly string[]): Middleware {
  const allowed = new Set(urls.flatMap(hostsOf))
  const own = urls[0] ?? ''

  return (ctx, next) => {
    const host = requestedHost(ctx.req)
    if (!allowed.has(host)) {
      throw new RequestError(
        'misdirected_request',
        `This server answers for ${own} only, and the request named the host ${host}. A proxy in front of it must send Host: ${new URL(own).host}.`,
      )
    }
    return next()
  }
}

/** Returns the values of `Host` that mean this URL: with its default port, and without. */
export function hostsOf(url: string): string[] {
  const { host, port, protocol } = new URL(url)
  return port === '' ? [host, host + (DEFAULT_PORTS[protocol] ?? '')] : [host]
}

/**
 * Returns the host in lower case. When the request target is an absolute URL, its host must match (RFC 9112 §3.2.2).
 */
function requestedHost(req: IncomingMessage): string {
  const host = soleHostHeader(req)
  if (host === undefined || host.length > MAX_HOST || !HOST.test(host)) {
    throw new RequestError(
      'malformed_request',
      'The Host header is missing or malformed: it must be the host name of this server, with its port if it has one.',
    )
  }
  const target = req.url ?? ''
  if (!target.startsWith('/')) useOriginForm(req, target, host.toLowerCase())
  return host.toLowerCase()
}

/** Returns the only Host header. A repeated one is malformed (RFC 9112 §3.2), though Node would keep the first. */
function soleHostHeader(req: IncomingMessage): string | undefined {
  let found: string | undefined
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    const name = req.rawHeaders[index] as string
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (found !== undefined) return undefined
      found = req.rawHeaders[index + 1]
    }
  }
  return found
}

function useOriginForm(req: IncomingMessage, target: string, host: string): void {
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null
  if (url === null || url.username !== '' || url.password !== '') {
    throw new RequestError('malformed_request', 'The request target is malformed: it must be a path.')
  }
  if (url.host !== host) {
    throw new RequestError('misdirected_request', 'The request target and the Host header name different hosts.')
  }
  req.url = url.pathname + url.search
}
