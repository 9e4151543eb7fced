/** Turns the engine's refusals into ours: the standard's code, and a sentence that says what would be right. */
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK, type JWK } from 'jose'
import type { Client as EngineClient, errors, KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '#clients/client.ts'
import { ASSERTION_ALGS } from '#clients/profiles.ts'
import { assertionFault, type AssertionContext } from '../client-assertion.ts'
import type { EngineClients } from './clients.ts'

/** An error of the engine: `error_description` is for the caller, `error_detail` for the log. */
export type EngineError = errors.OIDCProviderError

export interface Refusal {
  readonly error: string
  readonly description: string
  /** For the log and the audit event, not for the caller. */
  readonly detail: string | undefined
}

/**
 * Rewrites `ctx.body` after a refused request of a back channel; runs before the answer goes out. What the engine says
 * stays where nothing better is known.
 */
export async function explainRefusal(
  ctx: KoaContextWithOIDC,
  error: EngineError,
  deps: { clients: EngineClients; assertionContext: (ctx: KoaContextWithOIDC) => AssertionContext },
): Promise<Refusal> {
  const body = ctx.body as { error?: string; error_description?: string } | undefined
  const said = {
    code: body?.error ?? error.error,
    description: body?.error_description ?? error.error_description ?? '',
  }
  const refusal = await better(ctx, error, { ...deps, ...said })
  if (body && typeof body === 'object')
    Object.assign(body, { error: refusal.error, error_description: refusal.description })
  else if (said.description === '' && refusal.description !== '') describeAtApp(ctx, refusal.description)
  return { ...refusal, detail: detailOf(error) }
}

/** Adds the sentence to an answer that leaves for the app: the engine built it already, by redirect or as a form. */
function describeAtApp(ctx: KoaContextWithOIDC, description: string): void {
  const location: string | undefined = ctx.response.get('Location')
  if (location) {
    // the parameters of the answer end the query or the fragment (OAuth 2.0 Multiple Response Type Encoding §2.1)
    ctx.set('Location', `${location}&${new URLSearchParams({ error_description: description }).toString()}`)
  } else if (typeof ctx.body === 'string' && ctx.oidc.params?.['response_mode'] === 'form_post') {
    const field = `<input type="hidden" name="error_description" value="${description}"/>`
    ctx.body = ctx.body.replace('<noscript>', () => `${field}\n    <noscript>`)
  }
}

/** The sentence of an error that the engine gives none, or undefined. Plain words: nothing in them needs escaping. */
export function sentenceOf(error: string): string | undefined {
  return SENTENCES.get(error)
}

const SENTENCES = new Map([
  [
    'request_not_supported',
    'the parameter request is not supported: send the parameters themselves, or push them to the pushed authorization request endpoint',
  ],
  [
    'request_uri_not_supported',
    'this request_uri is not supported: only one of the pushed authorization request endpoint is, at the authorization endpoint',
  ],
  ['registration_not_supported', 'the parameter registration is not supported: clients are registered beforehand'],
])

async function better(
  ctx: KoaContextWithOIDC,
  error: EngineError,
  said: Parameters<typeof explainRefusal>[2] & { code: string; description: string },
): Promise<{ error: string; description: string }> {
  const { client, params } = ctx.oidc
  if (said.description === 'requested grant type is not allowed for this client' && client) {
    // RFC 6749 §5.2: unauthorized_client, where the engine says invalid_request
    const grantTypes = client.grantTypes?.join(', ') || 'none'
    return {
      error: 'unauthorized_client',
      description: `this client may not use the grant type ${String(params?.['grant_type'])}; it has: ${grantTypes}`,
    }
  }
  if (said.code === 'invalid_client' && client && typeof params?.['client_assertion'] === 'string') {
    const fault = await verifiedFault(
      client,
      params['client_assertion'],
      said.clients.ours(client),
      said.assertionContext(ctx),
    )
    if (fault) return { error: said.code, description: fault }
  }
  if (said.code === 'invalid_grant' && error.error_detail) {
    return { error: said.code, description: GRANT_DETAILS.get(error.error_detail) ?? error.error_detail }
  }
  return { error: said.code, description: said.description || (sentenceOf(said.code) ?? '') }
}

/** Where the engine's detail names an inner step, ours says what was wrong. */
const GRANT_DETAILS = new Map([
  // RFC 9700 §4.8.2: a verifier without a challenge is a downgrade
  ['unsupported code_challenge_method', 'code_verifier was sent, but the authorization request had no code_challenge'],
])

/** Which rule a refused assertion broke, told only to the holder of the client's key. */
async function verifiedFault(
  engineClient: EngineClient,
  assertion: string,
  client: Client,
  context: AssertionContext,
): Promise<string | undefined> {
  try {
    const header = decodeProtectedHeader(assertion)
    if (!allowedAlg(client, header.alg) || !(await signedBy(engineClient, assertion, header.alg as string)))
      return undefined
    return assertionFault({ assertion, claims: decodeJwt(assertion), header, client, context })
  } catch {
    return undefined
  }
}

function allowedAlg(client: Client, alg: string | undefined): boolean {
  const registered = client.metadata['token_endpoint_auth_signing_alg']
  if (registered !== undefined) return alg === registered
  return ASSERTION_ALGS.some((allowed) => allowed === alg)
}

async function signedBy(engineClient: EngineClient, assertion: string, alg: string): Promise<boolean> {
  const { kid } = decodeProtectedHeader(assertion)
  const keys: Iterable<JWK> = (
    engineClient as unknown as { asymmetricKeyStore: { selectForVerify(o: object): JWK[] } }
  ).asymmetricKeyStore.selectForVerify({ alg, kid })
  for (const jwk of keys) {
    try {
      await compactVerify(assertion, await importJWK(jwk, alg), { algorithms: [alg] })
      return true
    } catch {
      // another key may have signed it
    }
  }
  return false
}

/** The whole chain of reasons, for the log: the innermost one is what helps. */
function detailOf(error: EngineError): string | undefined {
  const reasons = new Set<string>()
  if (error.error_detail) reasons.add(error.error_detail)
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) reasons.add(cause.message)
  return reasons.size === 0 ? undefined : [...reasons].join(': ')
}
