/** What a thread of the hasher does: one piece of work at a time, to its end. */
import { hashSync, type Options, verifySync } from '@node-rs/argon2'

export type HashWork =
  | { readonly password: string; readonly parameters: Options }
  | { readonly password: string; readonly phc: string }

/** A PHC string, or whether the password made the one that was given. Throws for a malformed one. */
export function work(given: HashWork): string | boolean {
  return 'phc' in given ? verifySync(given.phc, given.password) : hashSync(given.password, given.parameters)
}
