/** Turns storage failures into protocol errors that the engine renders. */
import { errors } from 'oidc-provider'
import { DatabaseUnavailable } from '#database/errors.ts'
import type { ModelName } from './models.ts'

/**
 * Runs `work`. When PostgreSQL is unavailable, throws an error that the engine renders as 503
 * `temporarily_unavailable`, or as a redirect with that error where it may redirect (RFC 6749 §4.1.2.1).
 */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw temporarilyUnavailable(error)
    throw error
  }
}

const NO_DATABASE = 'the server cannot reach its database at the moment; try again in a few seconds'

export function temporarilyUnavailable(cause: unknown, description = NO_DATABASE): Error {
  const error = new errors.OIDCProviderError(503, 'temporarily_unavailable')
  return Object.assign(error, { cause, expose: true, error_description: description })
}

const FOREIGN_KEY_VIOLATION = '23503'

/**
 * Runs a write that depends on a grant. If the grant ended meanwhile, throws LoginRequired for an authorization code
 * (OpenID Connect Core §3.1.2.6) and InvalidGrant for anything else.
 */
export async function grantEnded(kind: ModelName, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, 'code') !== FOREIGN_KEY_VIOLATION) throw error
    const description = 'the grant ended while this request was under way; start again'
    throw kind === 'AuthorizationCode' ? new errors.LoginRequired(description) : new errors.InvalidGrant(description)
  }
}
