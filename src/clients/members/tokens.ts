/** Metadata members for the properties of a client's tokens. */
import { type Draft, type Member, oneOf, refuse } from './member.ts'
import { defaultIdTokenClaims, ID_TOKEN_CLAIMS } from '../id-token-claims.ts'
import { ACR_VALUES, type Acr } from '#resource-server/acr.ts'
import { choiceOf, FLAG, STRING, STRINGS } from './values.ts'

const ALG = 'id_token_signed_response_alg'

/** The rows of tokens (OpenID Connect Registration §2, RFC 9449 §5.2). */
export const TOKENS: readonly Member[] = [
  {
    name: ALG,
    meaning: 'How its ID tokens are signed; the profile has a default.',
    schema: STRING,
    choices: { name: 'id_token_signing_alg_values_supported', supported: ({ rules }) => rules.idTokenAlgs },
    settle: settleIdTokenAlg,
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
    name: 'dpop_bound_access_tokens',
    meaning: 'Whether its tokens are always bound to a DPoP key.',
    ...FLAG,
    needs: 'dpop',
  },
]

function settleIdTokenAlg(draft: Draft): void {
  const { profile, rules, values } = draft
  if (rules.openidScopes.length > 0) {
    values.set(ALG, oneOf(draft, ALG, rules.idTokenAlgs, rules.idTokenAlgs[0]))
  } else if (values.has(ALG)) {
    refuse(draft, ALG, `nothing here: a ${profile} client gets no ID tokens`)
  }
}

/** Stores the default with the client, so that a later release with another default does not change its ID tokens. */
function settleIdTokenClaims(draft: Draft): void {
  const { profile, origin, rules, values } = draft
  if (rules.openidScopes.length > 0) {
    values.set(ID_TOKEN_CLAIMS, values.get(ID_TOKEN_CLAIMS) ?? defaultIdTokenClaims(profile, origin))
  } else if (values.has(ID_TOKEN_CLAIMS)) {
    refuse(draft, ID_TOKEN_CLAIMS, `nothing here: a ${profile} client gets no ID tokens`)
  }
}

function isAcrValues(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => ACR_VALUES.includes(one as Acr))
}

function isSeconds(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 2 ** 31 - 1
}
