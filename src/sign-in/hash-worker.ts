/** Runs in the hasher's worker threads: hashes or verifies one password at a time. */
import { hashSync, type Options, verifySync } from '@node-rs/argon2'

export type HashWork =
  | { readonly password: string; readonly parameters: Options }
  | { readonly password: string; readonly phc: string }

/** Returns a new PHC string, or, given one, whether the password matches it. Throws if it is malformed. */
export function work(given: HashWork): string | boolean {
  return 'phc' in given ? verifySync(given.phc, given.password) : hashSync(given.password, given.parameters)
}
