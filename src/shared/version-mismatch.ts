/** The error for a change based on an outdated version of an object. */
import { AppError } from './app-error.ts'

/** The version that a change is based on, or several of which one must be current; undefined accepts any version. */
export type ExpectedVersion = number | readonly number[] | undefined

/** 412 (RFC 9110 §15.5.13): the object has changed in the meantime. */
export class VersionMismatch extends AppError {
  override readonly code = 'version_mismatch'
  override readonly status = 412

  /** `current` is undefined when unknown. */
  constructor(kind: string, expected: ExpectedVersion, current: number | undefined) {
    const now = current === undefined ? '' : `; it is now version ${current}`
    const versions = [expected ?? []].flat().join(' or ')
    const made = versions === '' ? 'another version' : `version ${versions}`
    const meant = expected === undefined ? '' : ` (the change was made for ${made}${now})`
    super(`The ${kind} was changed meanwhile${meant}. Read it again and repeat the change.`)
  }
}
