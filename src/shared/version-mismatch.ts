/** The error for a change based on an outdated version of an object. */
import { AppError } from './app-error.ts'

/** 412 (RFC 9110 §15.5.13): the object has changed in the meantime. */
export class VersionMismatch extends AppError {
  override readonly code = 'version_mismatch'
  override readonly status = 412

  /** `current` is undefined when unknown. */
  constructor(kind: string, expected: number | undefined, current: number | undefined) {
    const now = current === undefined ? '' : `; it is now version ${current}`
    const meant = expected === undefined ? '' : ` (the change was made for version ${expected}${now})`
    super(`The ${kind} was changed meanwhile${meant}. Read it again and repeat the change.`)
  }
}
