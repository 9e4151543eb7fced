/** Asks the issuer about tokens (RFC 7662) and caches each answer for some seconds. */
import { hash } from 'node:crypto'
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
   * Returns the issuer's answer; concurrent calls for one token share a request. The number of concurrent requests about
   * tokens that were not `verified` is limited, because anyone can make them up. Throws IssuerUnavailable, also beyond
   * that limit, or Error when the issuer refused the API.
   */
  of(token: string, verified: boolean): Promise<Answer>
}

/** The number of concurrent requests about tokens that may be made up. */
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
      // A digest, so that what is kept cannot be used as a token.
      const digest = hash('sha256', token, 'base64url')
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
  // The API's own registration or credentials are wrong: a failure of the API, not of the request.
  if ([400, 401, 403].includes(status)) {
    throw new Error(`${url} refused the introspection request of this API: ${status} ${text.slice(0, 500)}`)
  }
  if (status !== 200) throw new IssuerUnavailable(`${url} answered ${status}`)
  const { active, ...claims } = jsonObject(text, url)
  if (typeof active !== 'boolean') throw new IssuerUnavailable(`${url} did not say whether the token is active`)
  return active ? claims : undefined
}
