/** What is wrong with an answer, whatever the request was. */
import type { RawResponse } from '../http/loopback.ts'
import type { Wire } from './draft.ts'
import { CALLBACK, type Stage } from './stage.ts'
import { METHODS } from './words.ts'

/** Every answer comes within this time. */
export const MAX_ANSWER_MS = 5000
/** Words of our own sources, our database and our runtime, which tell a caller what only the log should know. */
const INNER =
  /\n\s+at \S+.*:\d+:\d+|node_modules|node:internal|\bsrc\/\w+\/|\.ts:\d+|syntax error at|\bpg_|ECONN|TypeError|violates \w+ constraint/

/** A sentence for each fault of the answer; none when it is as it should be. */
export function faultsOf(wire: Wire, answer: RawResponse, elapsedMs: number, stage: Stage): string[] {
  if (answer.status === 0)
    return [elapsedMs >= MAX_ANSWER_MS ? 'no answer in time' : 'the connection ended without an answer']
  return [
    elapsedMs >= MAX_ANSWER_MS ? 'the answer came late' : undefined,
    statusFault(wire, answer),
    answer.status >= 400 ? shapeFault(wire, { ...answer, body: bodyOf(answer) }) : undefined,
    answer.status >= 300 && answer.status < 400 ? redirectFault(answer, stage) : undefined,
    'x-injected' in answer.headers ? 'a header of the request became one of the answer' : undefined,
    leakFault(answer, stage),
  ].filter((fault) => fault !== undefined)
}

function statusFault({ method }: Wire, { status }: RawResponse): string | undefined {
  // RFC 9110 §15.6.2: 501 is for a method that is implemented nowhere
  if (status < 500 || (status === 501 && (!METHODS.includes(method) || ['TRACE', 'PROPFIND'].includes(method))))
    return undefined
  return `status ${status}`
}

/** A refusal is an OAuth error, a problem document or a page, each whole. */
function shapeFault(wire: Wire, { headers, body, status }: RawResponse): string | undefined {
  if (wire.method === 'HEAD') return undefined
  const type = (headers['content-type'] ?? '').split(';', 1)[0]
  if (type === 'text/html') return pageFault(body, headers)
  if (type !== 'application/json' && type !== 'application/problem+json') return `an error as ${JSON.stringify(type)}`
  let document: Record<string, unknown>
  try {
    document = JSON.parse(body) as Record<string, unknown>
  } catch {
    return 'an error that is no JSON'
  }
  const isText = (name: string) => typeof document[name] === 'string' && document[name] !== ''
  if (type === 'application/problem+json') {
    const whole = ['type', 'title', 'detail', 'code', 'request_id'].every(isText) && document['status'] === status
    return whole ? undefined : 'a problem document with something missing'
  }
  const named = /^[a-z_]+$/.test(String(document['error']))
  if (!named || !isText('error_description')) return 'an error without error or error_description'
  return /^\/admin\/v1\/\w+$/.test(wire.target) && ![400, 421, 431].includes(status)
    ? 'an error of the admin API that is no problem document'
    : undefined
}

function pageFault(body: string, headers: RawResponse['headers']): string | undefined {
  if (!/^<!doctype html>/i.test(body) || !/<\/html>\s*$/.test(body)) return 'a page that is not whole'
  return headers['content-security-policy'] === undefined ? 'a page without a policy' : undefined
}

function redirectFault({ headers }: RawResponse, { server }: Stage): string | undefined {
  const { location = '' } = headers
  const target = URL.parse(location, `${server.issuer}/`)
  const own = target?.origin === new URL(server.issuer).origin
  return own || location.startsWith(CALLBACK) ? undefined : `a redirect to ${location.slice(0, 100)}`
}

function leakFault({ text, status }: RawResponse, { secrets }: Stage): string | undefined {
  if (status >= 400 && INNER.test(text)) return `an answer that tells of the inside: ${INNER.exec(text)?.[0]}`
  if (/<fuzz/i.test(text) && /content-type: text\/html/i.test(text)) return 'markup of the request in a page'
  return [...secrets].some((secret) => text.includes(secret)) ? 'an answer with a secret in it' : undefined
}

function bodyOf({ headers, body }: RawResponse): string {
  if (!/chunked/i.test(headers['transfer-encoding'] ?? '')) return body
  const [, chunk = body] = /^[0-9a-f]+\r\n([\s\S]*)\r\n0\r\n/i.exec(body) ?? []
  return chunk
}
