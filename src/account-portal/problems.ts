/** Maps errors of other rooms to the messages of the pages. */
import type { Context } from 'koa'
import { AppError } from '#shared/app-error.ts'
import type { Problem } from './texts/texts.ts'
import type { ShownAgain } from './visit.ts'

const PROBLEMS: Readonly<Record<string, Problem>> = {
  consent_not_found: 'gone',
  factor_locked: 'locked',
  factor_not_found: 'gone',
  last_way_in: 'lastWay',
  link_not_found: 'gone',
  passkey_known: 'passkeyKnown',
  passkey_name_invalid: 'passkeyName',
  passkey_refused: 'passkeyRefused',
  session_not_found: 'gone',
  sign_in_busy: 'busy',
  too_many_attempts: 'tooMany',
  too_many_mails: 'tooManyMails',
  too_many_passkeys: 'tooManyPasskeys',
  upstream_unavailable: 'linkUnavailable',
}

/** Returns undefined for errors that belong on the error page. Sets Retry-After (RFC 6585 §4, RFC 9110 §15.6.4). */
export function problemOf(ctx: Context, error: unknown): ShownAgain | undefined {
  if (!(error instanceof AppError)) return undefined
  const problem = PROBLEMS[error.code]
  if (problem === undefined) return undefined
  if ('retryAfterSeconds' in error) ctx.set('Retry-After', String(error.retryAfterSeconds))
  return { status: error.status, problem }
}
