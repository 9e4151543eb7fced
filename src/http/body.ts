/** Reads request bodies for our own routes: limited in size, strictly decoded, and only of the expected type. */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import { RequestError } from './errors.ts'
import { isDecodable } from './malformed-url.ts'
import { repeatedMember } from './repeated-member.ts'

/** The same limit as the engine's. */
export const MAX_BODY_BYTES = 56 * 1024
const MAX_PARAMETERS = 1000
const MAX_JSON_DEPTH = 32

export interface Form {
  /** Returns the value, or undefined when it was not sent. Throws RequestError 400 when it was sent more than once. */
  one(name: string): string | undefined
  /** Returns all values, such as those of ticked boxes. */
  all(name: string): string[]
  /** The fields as sent, in order, including repeated names. */
  readonly entries: readonly [string, string][]
}

const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>()

/** Reads an `application/x-www-form-urlencoded` body; can be called again. Throws RequestError 400, 413, 415. */
export async function readForm(ctx: Context): Promise<Form> {
  requireType(ctx, ['application/x-www-form-urlencoded'], 'a form (application/x-www-form-urlencoded)')
  return parseForm(utf8(await readBody(ctx)))
}

/** Reads a JSON body; can be called again. Throws RequestError 400, 413, 415. */
export async function readJson(ctx: Context): Promise<unknown> {
  requireType(ctx, ['application/json', '+json'], 'JSON (application/json)')
  return parseJson(utf8(await readBody(ctx)))
}

export function bodyTooLarge(): RequestError {
  return new RequestError('payload_too_large', `The request body is too large: at most ${MAX_BODY_BYTES} bytes.`)
}

function requireType(ctx: Context, types: string[], expected: string): void {
  const encoding = ctx.get('content-encoding')
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    throw new RequestError('unsupported_media_type', 'The request body must be sent without a content encoding.')
  }
  const charset = ctx.request.charset.toLowerCase()
  // `is` returns null without a body: that is an empty form, and for JSON a parse error later.
  if (ctx.is(types) === false || !['', 'utf-8', 'utf8'].includes(charset)) {
    throw new RequestError('unsupported_media_type', `The request body must be ${expected} in UTF-8.`)
  }
}

function readBody(ctx: Context): Promise<Buffer> {
  let body = bodies.get(ctx.req)
  if (!body) {
    body = readBytes(ctx.req, ctx.request.length)
    bodies.set(ctx.req, body)
  }
  return body
}

async function readBytes(req: IncomingMessage, contentLength: number | undefined): Promise<Buffer> {
  if (contentLength !== undefined && contentLength > MAX_BODY_BYTES) throw bodyTooLarge()
  const chunks: Buffer[] = []
  let received = 0
  // Keep the socket open, or the caller would not receive the refusal.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer
    received += bytes.length
    if (received > MAX_BODY_BYTES) throw bodyTooLarge()
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, received)
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RequestError('malformed_request', 'The request body is not valid UTF-8.', { cause })
  }
}

function parseForm(text: string): Form {
  if (text.includes('\0') || (text.includes('%') && !isDecodable(text))) {
    throw new RequestError(
      'malformed_request',
      'The form is malformed: its percent-encoding must be valid UTF-8, without NUL.',
    )
  }
  const entries = [...new URLSearchParams(text)]
  if (entries.length > MAX_PARAMETERS) {
    throw new RequestError('malformed_request', `The form has too many fields: at most ${MAX_PARAMETERS}.`)
  }
  const all = (name: string) => entries.filter(([given]) => given === name).map(([, value]) => value)
  return {
    entries,
    all,
    one(name) {
      const values = all(name)
      // RFC 6749 §3.1: a parameter must not be sent more than once.
      if (values.length > 1) throw new RequestError('malformed_request', `The field ${name} was sent more than once.`)
      return values[0]
    },
  }
}

function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RequestError('malformed_request', 'The request body is not valid JSON.', { cause })
  }
  checkJson(value, 0)
  // RFC 7493 §2.3: parsers disagree about which of two members with the same name counts.
  const repeated = repeatedMember(text)
  if (repeated !== undefined) {
    throw new RequestError('malformed_request', `The JSON names the member ${repeated.slice(0, 200)} more than once.`)
  }
  return value
}

/** Refuses text that PostgreSQL cannot store, and nesting so deep that a recursive walk would overflow the stack. */
function checkJson(value: unknown, depth: number): void {
  if (depth > MAX_JSON_DEPTH) {
    throw new RequestError('malformed_request', `The JSON is nested too deeply: at most ${MAX_JSON_DEPTH} levels.`)
  }
  if (typeof value === 'string') checkText(value)
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    checkText(name)
    checkJson(member, depth + 1)
  }
}

function checkText(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new RequestError('malformed_request', 'The JSON holds a NUL character or half a surrogate pair.')
  }
}
