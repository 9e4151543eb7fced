/** The errors of the signing-keys room. */
import { AppError } from '#shared/app-error.ts'

export type SigningKeyErrorCode = 'key_not_found' | 'key_conflict'

export class KeyNotFound extends AppError {
  override readonly code = 'key_not_found' satisfies SigningKeyErrorCode
  override readonly status = 404

  constructor(kid: string) {
    super(`There is no signing key ${JSON.stringify(kid.slice(0, 200))}.`)
  }
}

/** 409: another change came first, or the status of the key does not allow this change. */
export class KeyConflict extends AppError {
  override readonly code = 'key_conflict' satisfies SigningKeyErrorCode
  override readonly status = 409
}
