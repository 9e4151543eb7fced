/** Metadata members for the properties of a client's tokens. */
import { type Draft, type Member, oneOf, refuse } from './member.ts'
import { defaultIdTokenClaims, ID_TOKEN_CLAIMS } from '../id-token-claims.ts'
import { ACR_VALUES, type Acr } from '#resource-server/acr.ts'
import { noIdTokens, noIntrospection, noRequests, signingAlgs, type UseFault } from './uses.ts'
import { choiceOf, FLAG, STRING, STRINGS } from './values.ts'

const ALG = 'id_token_signed_response_alg'
const AUTHORIZATION_ALG = 'authorization_signed_response_alg'
const DPOP_BOUND = 'dpop_bound_access_tokens'
const CERTIFICATE_BOUND = 'tls_client_certificate_bound_access_tokens'
const INTROSPECTION_ALG = 'introspection_signed_response_alg'
const USERINFO_ALG = 'userinfo_signed_response_alg'

/** The members that name what this server signs with for a client. */
export const SIGNED_RESPONSE_ALGS = [ALG, USERINFO_ALG, AUTHORIZATION_ALG, INTROSPECTION_ALG] as const

/**
 * The rows of tokens and signed answers (OpenID Connect Registration §2, JARM §3, RFC 9701 §6, RFC 9449 §5.2, RFC 8705
 * §3.4).
 */
export const TOKENS: readonly Member[] = [
  {
    name: ALG,
    meaning: 'How its ID tokens are signed; the profile has a default.',
    schema: STRING,
    ...signingAlgs('id_token', noIdTokens),
    settle: settleIdTokenAlg,
  },
  {
    name: AUTHORIZATION_ALG,
    meaning:
      'How authorization answers in the response modes `jwt`, `query.jwt`, `fragment.jwt` and `form_post.jwt` are signed; RS256 when absent (`fapi2`: ES256).',
    schema: STRING,
    ...signingAlgs('authorization', noRequests),
    settle: settleAlgOf(AUTHORIZATION_ALG, noRequests),
  },
  {
    name: INTROSPECTION_ALG,
    meaning:
      'How introspection answers that are asked for as JWT (RFC 9701) are signed; RS256 when absent (`fapi2`: ES256).',
    schema: STRING,
    dependsOn: ['token_endpoint_auth_method'],
    ...signingAlgs('introspection', noIntrospection),
    settle: settleAlgOf(INTROSPECTION_ALG, noIntrospection),
  },
  {
    name: ID_TOKEN_CLAIMS,
    meaning:
      '`all`: its ID tokens carry the claims of the granted scopes, where many apps look for them. `minimal`: only `/userinfo` has them (OpenID Connect Core §5.4), and an app whose access token is for an API needs a second one for `/userinfo`. `all` for `web`, `spa` and `native` clients of an administrator; `minimal` for `fapi2`, for self-registered clients and for client documents, because ID tokens travel in sign-out URLs.',
    ...choiceOf('all', 'minimal'),
    settle: settleIdTokenClaims,
  },
  {
    name: 'default_max_age',
    meaning: 'The longest time since the sign-in, in seconds, where a request names none.',
    schema: { type: 'integer', minimum: 0 },
    value: { fits: isSeconds, expected: 'a whole number of seconds, 0 or more' },
  },
  {
    name: 'require_auth_time',
    meaning: 'Whether its ID tokens always carry `auth_time`. All ID tokens do, so nothing depends on it.',
    ...FLAG,
  },
  {
    name: 'default_acr_values',
    meaning: 'The classes of sign-in that its requests ask for where they have no `acr_values`, the most wanted first.',
    schema: STRINGS,
    value: { fits: isAcrValues, expected: `an array of ${ACR_VALUES.join(', ')}` },
  },
  {
    name: DPOP_BOUND,
    meaning: 'Whether its tokens are always bound to a DPoP key.',
    ...FLAG,
    needs: 'dpop',
    dependsOn: [CERTIFICATE_BOUND],
  },
  {
    name: CERTIFICATE_BOUND,
    meaning: 'Whether its tokens are always bound to its TLS certificate (RFC 8705 §3).',
    ...FLAG,
    needs: 'mtls',
    dependsOn: [DPOP_BOUND],
    settle: settleBinding,
  },
]

function settleIdTokenAlg(draft: Draft): void {
  const { rules, values } = draft
  const fault = noIdTokens(draft)
  if (fault === undefined) values.set(ALG, oneOf(draft, ALG, rules.idTokenAlgs, rules.idTokenAlgs[0]))
  else if (values.has(ALG)) refuse(draft, ALG, fault)
}

/** Returns the rule of a member that names the algorithm of an answer, for clients that get such answers. */
function settleAlgOf(name: string, faultOf: UseFault): (draft: Draft) => void {
  return (draft) => {
    if (!draft.values.has(name)) return
    const fault = faultOf(draft)
    if (fault === undefined) oneOf(draft, name, draft.rules.idTokenAlgs, undefined)
    else refuse(draft, name, fault)
  }
}

/** Tokens are bound in one way, not in two. FAPI 2.0 Security Profile §5.3.2.1: those of such a client always are. */
function settleBinding(draft: Draft): void {
  const { profile, rules, values } = draft
  const [byKey, byCertificate] = [values.get(DPOP_BOUND), values.get(CERTIFICATE_BOUND)]
  if (byCertificate === true) {
    if (byKey === true) refuse(draft, CERTIFICATE_BOUND, `either this or ${DPOP_BOUND}, not both`)
  } else if (rules.bindsTokens) {
    if (byKey === false)
      refuse(draft, DPOP_BOUND, `true, or ${CERTIFICATE_BOUND}: true, as for every ${profile} client`)
    values.set(DPOP_BOUND, true)
  }
}

/** Stores the default with the client, so that a later release with another default does not change its ID tokens. */
function settleIdTokenClaims(draft: Draft): void {
  const { profile, origin, values } = draft
  const fault = noIdTokens(draft)
  if (fault === undefined)
    values.set(ID_TOKEN_CLAIMS, values.get(ID_TOKEN_CLAIMS) ?? defaultIdTokenClaims(profile, origin))
  else if (values.has(ID_TOKEN_CLAIMS)) refuse(draft, ID_TOKEN_CLAIMS, fault)
}

function isAcrValues(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => ACR_VALUES.includes(one as Acr))
}

function isSeconds(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 2 ** 31 - 1
}
