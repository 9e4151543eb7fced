/** A request before it is sent: in parts, where its meaning can be bent, and as the bytes of the wire. */
import type { JWK } from 'jose'

export type Pair = [name: string, value: string]

/** A right request in its parts. */
export interface Draft {
  /** What kind of request it is. */
  readonly name: string
  method: string
  path: string
  query: Pair[]
  headers: Pair[]
  form?: Pair[] | undefined
  json?: unknown
  /** The private keys that signed its JWTs, by the name of their parameter or header: a bent one is signed anew. */
  readonly keys: Readonly<Record<string, JWK>>
}

/** A request as it is sent; `body` has a character for each byte. */
export interface Wire {
  readonly name: string
  readonly method: string
  readonly target: string
  readonly headers: readonly Pair[]
  readonly body: string
}

export function toWire(draft: Draft): Wire {
  const headers = [...draft.headers]
  let body = ''
  if (draft.form) {
    body = encodePairs(draft.form)
    withType(headers, 'application/x-www-form-urlencoded')
  } else if (draft.json !== undefined) {
    body = toBytes(JSON.stringify(draft.json))
    withType(headers, 'application/json')
  }
  const query = encodePairs(draft.query)
  return { ...draft, target: draft.path + (query === '' ? '' : `?${query}`), headers, body }
}

function withType(headers: Pair[], type: string): void {
  if (!headers.some(([name]) => /^content-type$/i.test(name))) headers.push(['Content-Type', type])
}

function encodePairs(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** A character for each byte of the text in UTF-8. */
export function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** The whole request; what frames it comes first and is right, so that the answer is to this request. */
export function serialize({ method, target, headers, body }: Wire, host: string): Buffer {
  const own = headers.some(([name]) => /^host$/i.test(name)) ? [] : [`Host: ${host}`]
  const length = body === '' && ['GET', 'HEAD', 'DELETE'].includes(method) ? [] : [`Content-Length: ${body.length}`]
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  const head = [`${method} ${target} HTTP/1.1`, 'Connection: close', ...own, ...length, ...lines, '', ''].join('\r\n')
  return Buffer.from(toBytesOfHead(head) + body, 'latin1')
}

/** Characters beyond one byte go as UTF-8, as most clients would send them. */
function toBytesOfHead(head: string): string {
  return /[^\0-\xff]/.test(head) ? toBytes(head) : head
}
