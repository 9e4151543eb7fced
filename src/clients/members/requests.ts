/** Metadata members for what a client's authorization requests must have. */
import { isPublic } from '../auth-methods.ts'
import { type Draft, type Member, refuse } from './member.ts'
import { choiceOf, FLAG } from './values.ts'

/** The rows of authorization requests (RFC 9126 §6, RFC 7636). */
export const REQUESTS: readonly Member[] = [
  {
    name: 'require_pushed_authorization_requests',
    meaning: 'Whether its authorization requests must be pushed.',
    ...FLAG,
  },
  {
    name: 'signet_pkce',
    meaning: 'Whether its authorization requests must have PKCE.',
    ...choiceOf('required', 'optional'),
    default: 'required',
    settle: settlePkce,
  },
]

function settlePkce(draft: Draft): void {
  const { rules, values } = draft
  const isConfidential = !isPublic({ token_endpoint_auth_method: values.get('token_endpoint_auth_method') })
  if (values.get('signet_pkce') !== 'optional' || (isConfidential && rules.pkceMayBeOptional)) return
  refuse(draft, 'signet_pkce', 'required; only confidential web clients may do without PKCE')
}
