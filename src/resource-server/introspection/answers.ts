/** Asks the issuer about tokens (RFC 7662) and keeps each answer for some seconds. */
import { createHash } from 'node:crypto'
import { fetchAnswer, IssuerUnavailable } from '../bounded-fetch.ts'
import { discoverUrl, jsonObject } from '../issuer-metadata.ts'
import type { Authentication } from './client-authentication.ts'
import { type Answer, createKeptAnswers } from './kept-answers.ts'

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
  /**
   * Concurrent calls for one token share a request. A token that was `verified` is always asked about; of others, which
   * anybody can make up, only some at a time. Throws IssuerUnavailable, also beyond that number, or Error when the API
   * was refused.
   */
  of(token: string, verified: boolean): Promise<Answer>
}

/** How many tokens that may be made up the issuer is asked about at a time. */
const MAX_UNVERIFIED_QUESTIONS = 50

export function createAnswers(deps: AnswersDeps): Answers {
  const kept = createKeptAnswers(deps.cacheSeconds, () => deps.now())
  const underWay = new Map<string, Promise<Answer>>()
  const ask = createQuestion(deps)
  let unverified = 0

  async function askAndKeep(digest: string, token: string, verified: boolean): Promise<Answer> {
    if (!verified) unverified += 1
    try {
      const answer = await ask(token)
      kept.keep(digest, answer)
      return answer
    } finally {
      underWay.delete(digest)
      if (!verified) unverified -= 1
    }
  }

  return {
    async of(token, verified) {
      // a digest, so that nothing that is kept can be used as a token
      const digest = createHash('sha256').update(token).digest('base64url')
      const found = kept.find(digest)
      if (found !== undefined) return found.answer
      const shared = underWay.get(digest)
      if (shared !== undefined) return shared
      if (!verified && unverified >= MAX_UNVERIFIED_QUESTIONS) {
        throw new IssuerUnavailable(`${deps.issuer} is being asked about ${unverified} tokens already`)
      }
      const question = askAndKeep(digest, token, verified)
      underWay.set(digest, question)
      return question
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
