/** Caches the issuer's answers about tokens, for some seconds. */

/** What the issuer says of a token: its claims, or undefined when it is not active. */
export type Answer = Readonly<Record<string, unknown>> | undefined

interface Kept {
  readonly answer: Answer
  /** Milliseconds since 1970. */
  readonly until: number
}

export interface KeptAnswers {
  find(digest: string): { readonly answer: Answer } | undefined
  keep(digest: string, answer: Answer): void
}

/** The maximum number of answers about active tokens, and of those about inactive ones; the oldest are dropped. */
const MAX_ANSWERS = 10_000

export function createKeptAnswers(seconds: number, now: () => Date): KeptAnswers {
  // Separate, so that made-up tokens do not evict the answers about real ones.
  const active = new Map<string, Kept>()
  const inactive = new Map<string, Kept>()

  return {
    find(digest) {
      const kept = active.get(digest) ?? inactive.get(digest)
      return kept !== undefined && now().getTime() < kept.until ? kept : undefined
    },
    keep(digest, answer) {
      active.delete(digest)
      inactive.delete(digest)
      const answers = answer === undefined ? inactive : active
      answers.set(digest, { answer, until: now().getTime() + seconds * 1000 })
      const [oldest] = answers.keys()
      if (answers.size > MAX_ANSWERS && oldest !== undefined) answers.delete(oldest)
    },
  }
}
