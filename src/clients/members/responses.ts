/** Metadata members for how userinfo answers are signed, and how ID tokens and userinfo answers are encrypted. */
import { ENCRYPTION_ALGS, ENCRYPTION_ENCS, encryptionKeys } from '../encryption.ts'
import type { PublicJwk } from '../client.ts'
import { type Draft, type Member, oneOf, refuse } from './member.ts'
import { choiceOf, STRING } from './values.ts'

const ID_TOKEN_ALG = 'id_token_signed_response_alg'
const USERINFO_ALG = 'userinfo_signed_response_alg'

/** The rows of answers (OpenID Connect Registration §2). They come after those of keys. */
export const RESPONSES: readonly Member[] = [
  ...encryption('id_token', 'Its ID tokens are'),
  ...encryption('userinfo', 'Its userinfo answers are signed and'),
  {
    name: USERINFO_ALG,
    meaning: 'How userinfo answers are signed, as JWTs. Plain JSON when absent.',
    schema: STRING,
    choices: { name: 'userinfo_signing_alg_values_supported', supported: ({ rules }) => rules.idTokenAlgs },
    settle: settleUserinfoAlg,
  },
]

function settleUserinfoAlg(draft: Draft): void {
  const { rules, values } = draft
  if (values.get(USERINFO_ALG) === undefined) {
    // RFC 7519 §11.2: what is encrypted is signed too, so that others who have the key cannot forge it
    if (values.has(algOf('userinfo')) && rules.openidScopes.length > 0)
      values.set(USERINFO_ALG, values.get(ID_TOKEN_ALG))
  } else if (knowsNobody(draft, USERINFO_ALG)) {
    return
  } else {
    values.set(USERINFO_ALG, oneOf(draft, USERINFO_ALG, rules.idTokenAlgs, undefined))
  }
}

/** Returns the two rows of an answer. `what` begins the sentence "… encrypted". */
function encryption(answer: string, what: string): Member[] {
  const [alg, enc] = [algOf(answer), `${answer}_encrypted_response_enc`]
  return [
    {
      name: alg,
      meaning: `${what} encrypted with this algorithm, for a key of its \`jwks\` or \`jwks_uri\`.`,
      ...choiceOf(...ENCRYPTION_ALGS),
      choices: { name: `${answer}_encryption_alg_values_supported`, supported: () => ENCRYPTION_ALGS },
      settle: (draft) => settleAlg(draft, alg),
    },
    {
      name: enc,
      meaning: `The content encryption with it; \`${ENCRYPTION_ENCS[0]}\` when absent.`,
      ...choiceOf(...ENCRYPTION_ENCS),
      choices: { name: `${answer}_encryption_enc_values_supported`, supported: () => ENCRYPTION_ENCS },
      settle: (draft) => settleEnc(draft, { alg, enc }),
    },
  ]
}

function algOf(answer: string): string {
  return `${answer}_encrypted_response_alg`
}

function settleAlg(draft: Draft, alg: string): void {
  const { values, faults } = draft
  const wanted = values.get(alg)
  if (typeof wanted !== 'string' || knowsNobody(draft, alg) || values.get('jwks_uri') !== undefined) return
  const { keys = [] } = (values.get('jwks') ?? {}) as { keys?: readonly PublicJwk[] }
  if (encryptionKeys(keys, wanted).length > 0) return
  const given = keys.length === 0 ? null : 'no key for it'
  faults.push({ field: 'jwks', given, expected: `a key for ${alg} ${wanted}, with "use": "enc", or jwks_uri` })
}

/** OpenID Connect Registration §2: the content encryption has a default, and none without the algorithm. */
function settleEnc(draft: Draft, { alg, enc }: { alg: string; enc: string }): void {
  const { values } = draft
  if (values.has(alg)) values.set(enc, values.get(enc) ?? ENCRYPTION_ENCS[0])
  else if (values.has(enc)) refuse(draft, enc, `nothing here without ${alg}`)
}

/** Refuses the member of a client that gets no ID tokens. */
function knowsNobody(draft: Draft, name: string): boolean {
  const { profile, rules } = draft
  if (rules.openidScopes.length > 0) return false
  refuse(draft, name, `nothing here: a ${profile} client gets no ID tokens`)
  return true
}
