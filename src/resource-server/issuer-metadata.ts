/** Fetches an issuer's metadata and key set, and refuses those of another issuer. */
import type { JSONWebKeySet } from 'jose'
import { fetchText, IssuerUnavailable } from './bounded-fetch.ts'

/**
 * Returns a URL of the issuer's metadata (RFC 8414), or else of its OpenID Connect discovery document. Throws
 * IssuerUnavailable.
 */
export async function discoverUrl(
  issuer: string,
  member: 'jwks_uri' | 'introspection_endpoint',
  signal: AbortSignal,
): Promise<string> {
  let reason: unknown
  for (const url of metadataUrls(issuer)) {
    try {
      const metadata = await fetchJson(url, signal)
      // RFC 8414 §3.3: the issuer in the document must be identical to the expected one.
      if (metadata['issuer'] !== issuer) {
        throw new IssuerUnavailable(`${url} is the metadata of ${JSON.stringify(metadata['issuer'])}, not of ${issuer}`)
      }
      return allowedUrl(metadata[member], member, issuer)
    } catch (error) {
      reason = error
    }
  }
  throw reason
}

/**
 * Fetches the key set at `url`. Checks only its shape; each key is checked when it is used. Throws IssuerUnavailable.
 */
export async function fetchJwks(url: string, signal: AbortSignal): Promise<JSONWebKeySet> {
  const document = await fetchJson(url, signal)
  const keys = document['keys']
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'object' && key !== null)) {
    throw new IssuerUnavailable(`${url} is not a JSON Web Key Set`)
  }
  return { keys: keys as JSONWebKeySet['keys'] }
}

function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname === '/' ? '' : pathname.replace(/\/$/, '')
  return [
    // RFC 8414 §3.1: the well-known part is between host and path.
    `${origin}/.well-known/oauth-authorization-server${path}`,
    // OpenID Connect Discovery §4: the well-known part follows the path.
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

function allowedUrl(value: unknown, member: string, issuer: string): string {
  const url = typeof value === 'string' ? URL.parse(value) : null
  const protocols = new URL(issuer).protocol === 'https:' ? ['https:'] : ['http:', 'https:']
  if (url === null || !protocols.includes(url.protocol)) {
    throw new IssuerUnavailable(`the metadata of ${issuer} names no ${member} that can be used`)
  }
  return url.href
}

async function fetchJson(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const text = await fetchText(url, { accept: 'application/json', signal })
  return jsonObject(text, url)
}

/** Parses the text that came from `url`. Throws IssuerUnavailable if it is not a JSON object. */
export function jsonObject(text: string, url: string): Record<string, unknown> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw new IssuerUnavailable(`${url} could not be read`, { cause })
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new IssuerUnavailable(`${url} is not a JSON object`)
  }
  return document as Record<string, unknown>
}
