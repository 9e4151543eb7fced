/** Explains the engine's refusals: a description for the caller, and a detail for the log. */
import type { errors, KoaContextWithOIDC } from 'oidc-provider'
import { asErrorDescription } from '#http/error-descriptions.ts'

/** An error of the engine: `error_description` is for the caller, `error_detail` for the log. */
export type EngineError = errors.OIDCProviderError

export interface Refusal {
  readonly error: string
  readonly description: string
  /** For the log and the audit event, not for the caller. */
  readonly detail: string | undefined
}

/**
 * Adds the description to the error in `ctx.body`, or to the redirect that returns to the app. Runs before the
 * answer goes out. Returns the refusal for the log and the audit event.
 */
export function explainRefusal(ctx: KoaContextWithOIDC, error: EngineError): Refusal {
  const body = ctx.body as { error?: string; error_description?: string } | undefined
  const code = body?.error ?? error.error
  const given = body?.error_description ?? error.error_description ?? ''
  const description = describe(code, given, error.error_detail)
  if (body && typeof body === 'object') Object.assign(body, { error: code, error_description: description })
  else if (given !== description) describeAtApp(ctx, description)
  return { error: code, description, detail: detailOf(error) }
}

/** For `invalid_grant` the engine gives the reason only in the detail. It holds no secret. */
function describe(code: string, given: string, detail: string | undefined): string {
  if (code === 'invalid_grant' && detail !== undefined) return detail
  return sentenceOf(code, given) ?? ''
}

/** Puts the description into a redirect to the app that the engine has already built. */
function describeAtApp(ctx: KoaContextWithOIDC, description: string): void {
  // a signed answer has its description inside
  if (String(ctx.oidc.params?.['response_mode']).endsWith('jwt')) return
  const location: string | undefined = ctx.response.get('Location')
  if (!location) return
  const parameter = new URLSearchParams({ error_description: description }).toString()
  const present = /(?<=[?&#])error_description=[^&#]*/
  // the parameters are last in the query or the fragment (OAuth 2.0 Multiple Response Type Encoding §2.1)
  ctx.set('Location', present.test(location) ? location.replace(present, () => parameter) : `${location}&${parameter}`)
}

/** Returns an answer for an app with the description of {@link sentenceOf} where it is an error. */
export function describedAnswer(answer: Readonly<Record<string, string>>): Record<string, string> {
  const { error, error_description: given } = answer
  const description = error === undefined ? given : sentenceOf(error, given)
  return { ...answer, ...(description === undefined ? {} : { error_description: asErrorDescription(description) }) }
}

/**
 * Returns the description of an error: that of the engine, unless we have a better one. Undefined when there is none.
 * Ours need no HTML escaping.
 */
export function sentenceOf(error: string, given: string | undefined): string | undefined {
  return BETTER.get(given ?? '') ?? (given || SENTENCES.get(error))
}

/** By the engine's description. */
const BETTER = new Map([
  [
    'unsupported response_type requested',
    'only response_type=code is supported: the implicit and hybrid flows, which put tokens into URLs, are not offered (OAuth 2.1)',
  ],
])

const SENTENCES = new Map([
  [
    'request_uri_not_supported',
    'this request_uri is not supported: only one of the pushed authorization request endpoint is, at the authorization endpoint',
  ],
  ['registration_not_supported', 'the parameter registration is not supported: clients are registered beforehand'],
])

/** Joins the whole chain of causes for the log, because the innermost one is often the useful one. */
function detailOf(error: EngineError): string | undefined {
  const reasons = new Set<string>()
  if (error.error_detail) reasons.add(error.error_detail)
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) reasons.add(cause.message)
  return reasons.size === 0 ? undefined : [...reasons].join(': ')
}
