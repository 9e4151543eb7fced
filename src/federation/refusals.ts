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

/** Whether the person, or the provider for them, denied the request (RFC 6749 §4.1.2.1). */
export function wasCancelled(error: unknown): boolean {
  return error instanceof Error && 'error' in error && error.error === 'access_denied'
}

function reasonOf(error: Error): string {
  const refused = [error, error.cause].find((each) => each instanceof FetchRefused)
  if (refused) return `the provider could not be asked: ${(refused as Error).message}`
  // an error of the OpenID Connect library, whose message names the wrong claim
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}
