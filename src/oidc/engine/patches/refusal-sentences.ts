/**
 * What: some descriptions of `InvalidRequest` are replaced by sentences that say what was received and what to send.
 * Why: the engine says "unsupported prompt value requested" without the value, and that its policy requires PKCE without
 * how to send it or how to register a client that cannot.
 * Engine: 9.13.3
 * Test: test/oidc/refusal-sentences.test.ts
 */
import Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { isPublic } from '#clients/auth-methods.ts'
import { PROFILES } from '#clients/profiles.ts'
import { PROMPTS } from '../../configuration/interaction-policy.ts'
import { clientOf } from '../clients.ts'

const SEND_PKCE = 'send code_challenge with code_challenge_method=S256'

/** By the engine's description. */
const SENTENCES: ReadonlyMap<unknown, (oidc: KoaContextWithOIDC['oidc']) => string> = new Map([
  [
    'Authorization Server policy requires PKCE to be used for this request',
    ({ client }) => `PKCE is required: ${SEND_PKCE}${orWithout(client)}`,
  ],
  ['code_challenge_method must be provided', () => `code_challenge_method is missing; ${SEND_PKCE}`],
  ['code_challenge must be provided with code_challenge_method', () => `code_challenge is missing; ${SEND_PKCE}`],
  [
    'not supported value of code_challenge_method',
    ({ params }) => `code_challenge_method is ${shown(params?.['code_challenge_method'])}; ${SEND_PKCE}`,
  ],
  [
    'unsupported prompt value requested',
    ({ prompts }) => {
      const unknown = [...prompts].filter((value) => value !== 'none' && !PROMPTS.some((known) => known === value))
      return `prompt ${unknown.map(shown).join(', ')} is not supported; send none, or one or more of ${PROMPTS.join(', ')}`
    },
  ],
  [
    'prompt none must only be used alone',
    ({ params }) => `prompt is ${shown(params?.['prompt'])}; send none alone, or leave it out`,
  ],
] as const)

export function explainInvalidRequests(): void {
  // the constructor assigns the description, which calls this setter; the instance then has its own property
  Object.defineProperty(errors.InvalidRequest.prototype, 'error_description', {
    configurable: true,
    set(this: errors.InvalidRequest, given: unknown) {
      const { oidc } = Provider.ctx ?? {}
      const value = oidc ? (SENTENCES.get(given)?.(oidc) ?? given) : given
      Object.defineProperty(this, 'error_description', { value, configurable: true, enumerable: true, writable: true })
    },
  })
}

/** Returns the second way out, for clients that may be registered without PKCE. */
function orWithout(engineClient: KoaContextWithOIDC['oidc']['client']): string {
  if (!engineClient) return ''
  const { profile, metadata } = clientOf(engineClient)
  return PROFILES[profile].pkceMayBeOptional && !isPublic(metadata)
    ? ', or register the client with --pkce optional'
    : ''
}

function shown(value: unknown): string {
  return `'${String(value).slice(0, 100)}'`
}
