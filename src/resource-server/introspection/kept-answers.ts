/** Keeps what the issuer said of tokens, for some seconds. */

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

/** The answers that were given first are dropped beyond this number, of active and of inactive tokens each. */
const MAX_ANSWERS = 10_000

export function createKeptAnswers(seconds: number, now: () => Date): KeptAnswers {
  // apart, so that tokens that are made up do not push out what is known of real ones
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
