/** Metadata members for client authentication, and for what only authenticated clients may do. */
import { isPublic, offeredAuthMethods, usesKeys } from '../auth-methods.ts'
import { MAX_ASSERTION_LIFETIME, MAX_ASSERTION_LIFETIME_FAPI } from '../profiles.ts'
import { type Draft, type Member, oneOf, refuse } from './member.ts'
import { choiceOf, FLAG, STRING } from './values.ts'

const METHOD = 'token_endpoint_auth_method'
const ALG = 'token_endpoint_auth_signing_alg'
const AUDIENCE = 'signet_assertion_audience'
const MAX_LIFETIME = 'signet_assertion_max_lifetime'
const SHORTEST_LIFETIME = 10
const INTROSPECT = 'signet_introspect'

/** The rows of client authentication (RFC 7591 §2, OpenID Connect Registration §2). */
export const AUTHENTICATION: readonly Member[] = [
  {
    name: METHOD,
    meaning: 'How it authenticates; the profile has a default.',
    schema: STRING,
    choices: { name: 'token_endpoint_auth_methods_supported', supported: allowedMethods },
    settle: settleMethod,
  },
  {
    name: ALG,
    meaning: 'The one algorithm of its assertions; any that the profile admits when absent.',
    schema: STRING,
    choices: {
      name: 'token_endpoint_auth_signing_alg_values_supported',
      supported: (draft) => (usesKeys(metadataOf(draft)) ? draft.rules.assertionAlgs : undefined),
    },
    dependsOn: [METHOD],
    settle: settleAlg,
  },
  {
    name: AUDIENCE,
    meaning: 'Whether its assertions may name the token endpoint as `aud`, as most libraries do by default.',
    ...choiceOf('issuer', 'token_endpoint'),
    default: 'issuer',
    dependsOn: [METHOD],
    settle: settleAudience,
  },
  {
    name: MAX_LIFETIME,
    meaning: `The longest lifetime of its assertions in seconds; ${MAX_ASSERTION_LIFETIME} when absent (\`fapi2\`: ${MAX_ASSERTION_LIFETIME_FAPI}).`,
    schema: { type: 'integer', minimum: SHORTEST_LIFETIME, maximum: MAX_ASSERTION_LIFETIME },
    dependsOn: [METHOD],
    settle: settleMaxLifetime,
  },
  {
    name: INTROSPECT,
    meaning: 'Whether it is told about tokens issued to others.',
    ...FLAG,
    default: false,
    settle: settleIntrospect,
  },
]

function settleMethod(draft: Draft): void {
  const allowed = allowedMethods(draft)
  draft.values.set(METHOD, oneOf(draft, METHOD, allowed, allowed[0]))
}

function allowedMethods({ rules, options }: Draft): string[] {
  const offered = offeredAuthMethods(options.offers)
  return rules.authMethods.filter((name) => offered.includes(name))
}

function settleAlg(draft: Draft): void {
  const { rules, values } = draft
  if (values.get(ALG) === undefined) return
  if (usesKeys(metadataOf(draft))) oneOf(draft, ALG, rules.assertionAlgs, undefined)
  else refuse(draft, ALG, 'nothing here: only clients with private_key_jwt sign assertions')
}

function settleAudience(draft: Draft): void {
  const { profile, rules, values } = draft
  if (values.get(AUDIENCE) !== 'token_endpoint') return
  if (!usesKeys(metadataOf(draft))) {
    refuse(draft, AUDIENCE, 'nothing here: only clients with private_key_jwt send assertions')
  } else if (rules.fapi !== undefined) {
    // FAPI 2.0 Security Profile §5.3.2.1: only the issuer is a valid audience
    refuse(draft, AUDIENCE, `issuer, as for every ${profile} client`)
  }
}

function settleMaxLifetime(draft: Draft): void {
  const { rules, values } = draft
  const given = values.get(MAX_LIFETIME)
  if (given === undefined) return
  const most = rules.fapi === undefined ? MAX_ASSERTION_LIFETIME : MAX_ASSERTION_LIFETIME_FAPI
  if (!usesKeys(metadataOf(draft))) {
    refuse(draft, MAX_LIFETIME, 'nothing here: only clients with private_key_jwt send assertions')
  } else if (!Number.isInteger(given) || Number(given) < SHORTEST_LIFETIME || Number(given) > most) {
    refuse(draft, MAX_LIFETIME, `a whole number of seconds, ${SHORTEST_LIFETIME} to ${most}`)
  }
}

function settleIntrospect(draft: Draft): void {
  if (draft.values.get(INTROSPECT) !== true || !isPublic(metadataOf(draft))) return
  refuse(draft, INTROSPECT, 'false; only a client that authenticates may introspect')
}

function metadataOf({ values }: Draft): Record<string, unknown> {
  return { [METHOD]: values.get(METHOD) }
}
