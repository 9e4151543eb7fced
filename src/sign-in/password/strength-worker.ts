/** Runs in the thread that estimates the strength of passwords: one at a time. */
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs as graphs, dictionary } from '@zxcvbn-ts/language-common'

export interface StrengthWork {
  readonly password: string
  readonly known: readonly string[]
}

const zxcvbn = new ZxcvbnFactory({ dictionary, graphs })

/** Returns the zxcvbn score, from 0 to 4. */
export function scoreOf({ password, known }: StrengthWork): number {
  return zxcvbn.check(password, [...known]).score
}
