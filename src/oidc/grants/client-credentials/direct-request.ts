/** Reads a token request that is as plain as nearly all are; whatever is not is left for the engine to read. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { CLIENT_CREDENTIALS } from './grant.ts'

export interface PlainRequest {
  readonly client_assertion: string
  readonly client_id?: string
  readonly resource?: string
  readonly scope?: string
}

const FORM = /^application\/x-www-form-urlencoded(; ?charset=utf-8)?$/i
const MAX_BYTES = 8192
/** Headers that change what the engine does with the request, or how it reads the body. */
const ELSEWHERE = [
  'authorization',
  'client-cert',
  'content-encoding',
  'dpop',
  'oauth-client-attestation',
  'oauth-client-attestation-pop',
  'origin',
  'transfer-encoding',
] as const

/** Returns the length of the body in bytes, or undefined when the head of the request is not plain. */
export function plainLength(headers: IncomingHttpHeaders): number | undefined {
  if (!FORM.test(headers['content-type'] ?? '')) return undefined
  if (ELSEWHERE.some((name) => headers[name] !== undefined)) return undefined
  const length = Number(headers['content-length'])
  return length > 0 && length <= MAX_BYTES ? length : undefined
}

/**
 * Returns the body and puts it back, so that the engine can read it too. `length` is the request's `Content-Length`.
 * Undefined when the caller leaves before it has sent everything.
 */
export function peekBody(req: IncomingMessage, length: number): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const chunks: Buffer[] = []
  let received = 0
  const onReadable = (): void => {
    const chunk = req.read() as Buffer | null
    if (chunk === null) return
    chunks.push(chunk)
    received += chunk.length
    if (received >= length) done(Buffer.concat(chunks))
  }
  const onClose = (): void => done(undefined)
  const done = (body: Buffer | undefined): void => {
    req.off('readable', onReadable)
    req.off('close', onClose)
    // in the same tick as the read, before the stream can end
    if (body) req.unshift(body)
    resolve(body)
  }
  req.on('readable', onReadable)
  req.on('close', onClose)
  return promise
}

const EXPECTED: Readonly<Record<string, string | undefined>> = {
  grant_type: CLIENT_CREDENTIALS.grantType,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
}
const NAMES = new Set([...Object.keys(EXPECTED), 'client_assertion', 'client_id', 'resource', 'scope'])
/** ASCII in which each percent sign begins an encoded byte. */
const ENCODED = /^(?:[!-$&-~]|%[0-9A-Fa-f]{2})+$/
const VALUE = /^[!-~]+(?: [!-~]+)*$/

/** Returns the parameters when each is known, sent once, not empty and ASCII; undefined otherwise. */
export function parsePlainForm(body: Buffer): PlainRequest | undefined {
  const text = body.toString('latin1')
  if (!ENCODED.test(text)) return undefined
  const params = new Map<string, string>()
  for (const pair of text.split('&')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, at))
    const value = decoded(pair.slice(at + 1))
    if (!NAMES.has(name) || params.has(name) || value === undefined || !VALUE.test(value)) return undefined
    if (EXPECTED[name] !== undefined && EXPECTED[name] !== value) return undefined
    params.set(name, value)
  }
  const isComplete = params.has('client_assertion') && Object.keys(EXPECTED).every((name) => params.has(name))
  return isComplete ? (Object.fromEntries(params) as unknown as PlainRequest) : undefined
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
