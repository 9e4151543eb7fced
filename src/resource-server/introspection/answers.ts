/** Asks the issuer about tokens (RFC 7662) and keeps each answer for some seconds. */
import { createHash } from 'node:crypto'
import { fetchAnswer, IssuerUnavailable } from '../bounded-fetch.ts'
import { discoverUrl, jsonObject } from '../issuer-metadata.ts'
import type { Authentication } from './client-authentication.ts'

/** What the issuer says of a token: its claims, or undefined when it is not active. */
export type Answer = Readonly<Record<string, unknown>> | undefined

export interface AnswersDeps {
  readonly issuer: string
  /** Undefined: taken from the issuer's metadata. */
  readonly endpoint: string | undefined
  readonly cacheSeconds: number
  readonly timeoutMs: number
  authenticate(): Promise<Authentication>
  now(): Date
}

export interface Answers {
  /** Concurrent calls for one token share a request. Throws IssuerUnavailable, or Error when the API was refused. */
  of(token: string): Promise<Answer>
}

interface Kept {
  readonly answer: Promise<Answer>
  /** Milliseconds since 1970; undefined while the issuer is asked. */
  until: number | undefined
}

/** The answers that were given first are dropped beyond this number. */
const MAX_ANSWERS = 10_000

export function createAnswers(deps: AnswersDeps): Answers {
  const kept = new Map<string, Kept>()
  const ask = createQuestion(deps)
  const now = (): number => deps.now().getTime()

  async function askAndKeep(digest: string, token: string): Promise<Answer> {
    const entry: Kept = { answer: ask(token), until: undefined }
    kept.delete(digest)
    kept.set(digest, entry)
    const [oldest] = kept.keys()
    if (kept.size > MAX_ANSWERS && oldest !== undefined) kept.delete(oldest)
    try {
      const answer = await entry.answer
      entry.until = now() + deps.cacheSeconds * 1000
      return answer
    } catch (error) {
      if (kept.get(digest) === entry) kept.delete(digest)
      throw error
    }
  }

  return {
    of(token) {
      // a digest, so that nothing that is kept can be used as a token
      const digest = createHash('sha256').update(token).digest('base64url')
      const entry = kept.get(digest)
      if (entry !== undefined && (entry.until === undefined || now() < entry.until)) return entry.answer
      return askAndKeep(digest, token)
    },
  }
}

function createQuestion(deps: AnswersDeps): (token: string) => Promise<Answer> {
  let endpoint = deps.endpoint
  let searched: Promise<string> | undefined

  async function found(signal: AbortSignal): Promise<string> {
    searched ??= discoverUrl(deps.issuer, 'introspection_endpoint', signal).finally(() => (searched = undefined))
    return (endpoint ??= await searched)
  }

  return async (token) => {
    const signal = AbortSignal.timeout(deps.timeoutMs)
    const url = endpoint ?? (await found(signal))
    const { headers, parameters } = await deps.authenticate()
    try {
      const form = { headers, parameters: new URLSearchParams({ ...parameters, token }) }
      return answerOf(await fetchAnswer(url, { accept: 'application/json', signal, form }), url)
    } catch (error) {
      // Read the metadata again next time, because the endpoint may have moved.
      endpoint = deps.endpoint
      throw error
    }
  }
}

function answerOf({ status, text }: { status: number; text: string }, url: string): Answer {
  // The API itself is not registered as it says, which no client of it can change.
  if ([400, 401, 403].includes(status)) {
    throw new Error(`${url} refused to tell this API about tokens: ${status} ${text.slice(0, 500)}`)
  }
  if (status !== 200) throw new IssuerUnavailable(`${url} answered ${status}`)
  const { active, ...claims } = jsonObject(text, url)
  if (typeof active !== 'boolean') throw new IssuerUnavailable(`${url} did not say whether the token is active`)
  return active ? claims : undefined
}
