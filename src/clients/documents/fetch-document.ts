/** Fetches a client metadata document, and says what is wrong with the answer. */
import { freshFor } from '#outbound/freshness.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Fault } from '#shared/app-error.ts'
import { fetchFault } from '../fetch-json.ts'
import { ClientDocumentRefused } from '../errors.ts'
import { documentInput, type DocumentInput } from './document-metadata.ts'

/** A document is some hundred bytes; its keys may be in it. */
const MAX_BYTES = 32 * 1024
/** Seconds for which a document stays fresh, whatever its cache headers say: from and to. */
const MIN_AGE = 60
const MAX_AGE = 86_400

/** The validators of the answer that is known (RFC 9110 §8.8). */
export interface Validators {
  readonly etag: string | null
  readonly lastModified: string | null
}

export interface FetchedDocument extends Validators {
  /** Undefined when the known document still holds (304). */
  readonly input: DocumentInput | undefined
  /** Until then it needs no new fetch. */
  readonly freshUntil: Date
}

/** Fetches the document at `id`. `known` makes the request conditional. Throws ClientDocumentRefused. */
export async function fetchDocument(
  fetch: GuardedFetch,
  id: string,
  known: Validators | undefined,
  now: Date,
): Promise<FetchedDocument> {
  const { status, headers, text } = await ask(fetch, id, known)
  const age = Math.min(Math.max(MIN_AGE, freshFor(headers, now)), MAX_AGE)
  const freshUntil = new Date(now.getTime() + age * 1000)
  const validators = { etag: validator(headers, 'etag'), lastModified: validator(headers, 'last-modified') }
  if (status === 304 && known) return { ...known, input: undefined, freshUntil }
  if (status !== 200) throw notFetched(id, `it answered with status ${status}`)
  const type = headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw notFetched(id, `it answered with ${type === '' ? 'no media type' : type.slice(0, 100)} instead of JSON`)
  }
  return { ...validators, input: inputOf(id, text), freshUntil }
}

async function ask(fetch: GuardedFetch, id: string, known: Validators | undefined) {
  const conditions = {
    ...(known?.etag ? { 'if-none-match': known.etag } : {}),
    ...(known?.lastModified ? { 'if-modified-since': known.lastModified } : {}),
  }
  try {
    const request = { method: 'GET', body: null, maxBytes: MAX_BYTES }
    const response = await fetch(id, { accept: 'application/json', ...conditions }, request)
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    throw notFetched(id, fetchFault(error), error)
  }
}

function validator(headers: Headers, name: string): string | null {
  const value = headers.get(name)
  return value !== null && value.length <= 200 ? value : null
}

function inputOf(id: string, text: string): DocumentInput {
  const document = readObject(text)
  if (!document) throw ClientDocumentRefused.faulty(id, 'it is not a JSON object')
  const faults: Fault[] = []
  const input = documentInput(id, document, faults)
  if (faults.length > 0) throw ClientDocumentRefused.ofFaults(id, faults)
  return input
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

function notFetched(id: string, reason: string, cause?: unknown): ClientDocumentRefused {
  return ClientDocumentRefused.notFetched(id, reason, cause)
}
