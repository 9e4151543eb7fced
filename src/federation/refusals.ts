/** Describes for the audit log why an answer of a provider is refused. */
import { FetchRefused } from '#outbound/guarded-fetch.ts'

const MAX_LENGTH = 200

/** Returns the reason from the provider or the OpenID Connect library, shortened. Never contains a token. */
export function refusalOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the provider could not be asked'
  const said = 'error' in error && typeof error.error === 'string' ? `the provider answered ${error.error}` : undefined
  const reason = said ?? reasonOf(error)
  return reason.replaceAll(/[^\x20-\x7E]/g, '?').slice(0, MAX_LENGTH)
}

/**
 * What the person is told. `cancelled`: they, or the provider for them, denied the request. `unavailable`: the provider
 * cannot answer at this moment. `login_required`: they have to sign in at the provider first. `refused`: anything else.
 */
export type RefusalKind = 'cancelled' | 'unavailable' | 'login_required' | 'refused'

/** RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6; the second is Apple's word. */
const KINDS: Readonly<Record<string, RefusalKind>> = {
  access_denied: 'cancelled',
  user_cancelled_authorize: 'cancelled',
  temporarily_unavailable: 'unavailable',
  server_error: 'unavailable',
  login_required: 'login_required',
  interaction_required: 'login_required',
  account_selection_required: 'login_required',
  consent_required: 'login_required',
}

/** Returns the kind of an error response of the provider; `refused` for all other errors. */
export function kindOf(error: unknown): RefusalKind {
  const said = error instanceof Error && 'error' in error ? error.error : undefined
  return (typeof said === 'string' && Object.hasOwn(KINDS, said) ? KINDS[said] : undefined) ?? 'refused'
}

function reasonOf(error: Error): string {
  const refused = [error, error.cause].find((each) => each instanceof FetchRefused)
  if (refused) return `the provider could not be asked: ${(refused as Error).message}`
  // an error of the OpenID Connect library, whose message names the wrong claim
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}
