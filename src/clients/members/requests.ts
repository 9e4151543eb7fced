/** Metadata members for what a client's authorization requests must have. */
import { isPublic } from '../auth-methods.ts'
import { type Draft, isStringArray, type Member, oneOf, refuse } from './member.ts'
import { noRequests } from './uses.ts'
import { choiceOf, FLAG, STRING, STRINGS } from './values.ts'

const MAX_DETAILS_TYPES = 50
const OBJECT_ALG = 'request_object_signing_alg'
const OBJECT_REQUIRED = 'require_signed_request_object'

/** The rows of authorization requests (RFC 9101 §10.5, RFC 9126 §6, RFC 9396 §10, RFC 7636). */
export const REQUESTS: readonly Member[] = [
  {
    name: OBJECT_ALG,
    meaning: 'The one algorithm of its request objects; any that the profile admits when absent.',
    schema: STRING,
    settle: settleObjectAlg,
  },
  {
    name: OBJECT_REQUIRED,
    meaning: 'Whether its authorization requests must be signed request objects (RFC 9101).',
    ...FLAG,
    settle: settleObjectRequired,
  },
  {
    name: 'require_pushed_authorization_requests',
    meaning: 'Whether its authorization requests must be pushed.',
    ...FLAG,
  },
  {
    name: 'authorization_details_types',
    meaning: 'The types of authorization details that it may ask for (RFC 9396); none when absent.',
    schema: STRINGS,
    value: { fits: isDetailsTypes, expected: `an array of at most ${MAX_DETAILS_TYPES} types, each once` },
  },
  {
    name: 'signet_pkce',
    meaning: 'Whether its authorization requests must have PKCE.',
    ...choiceOf('required', 'optional'),
    default: 'required',
    settle: settlePkce,
  },
]

function settleObjectAlg(draft: Draft): void {
  if (!draft.values.has(OBJECT_ALG)) return
  const fault = objectFault(draft)
  if (fault === undefined) oneOf(draft, OBJECT_ALG, draft.rules.assertionAlgs, undefined)
  else refuse(draft, OBJECT_ALG, fault)
}

function settleObjectRequired(draft: Draft): void {
  if (draft.values.get(OBJECT_REQUIRED) !== true) return
  const fault = objectFault(draft)
  if (fault !== undefined) refuse(draft, OBJECT_REQUIRED, fault)
}

/** Returns why the client cannot sign request objects. */
function objectFault(draft: Draft): string | undefined {
  const { values } = draft
  const fault = noRequests(draft)
  if (fault !== undefined) return fault
  if (values.get('jwks') !== undefined || values.get('jwks_uri') !== undefined) return undefined
  return 'the public keys that the client signs with beside it: jwks or jwks_uri'
}

function settlePkce(draft: Draft): void {
  const { rules, values } = draft
  const isConfidential = !isPublic({ token_endpoint_auth_method: values.get('token_endpoint_auth_method') })
  if (values.get('signet_pkce') !== 'optional' || (isConfidential && rules.pkceMayBeOptional)) return
  refuse(draft, 'signet_pkce', 'required; only confidential web clients may do without PKCE')
}

function isDetailsTypes(given: unknown): boolean {
  if (!isStringArray(given) || given.length > MAX_DETAILS_TYPES || new Set(given).size < given.length) return false
  return given.every((type) => /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/.test(type))
}
