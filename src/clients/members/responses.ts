/** Metadata members for how userinfo answers are signed, and how ID tokens and other answers are encrypted. */
import { ENCRYPTION_ALGS, ENCRYPTION_ENCS, encryptionKeys } from '../encryption.ts'
import type { PublicJwk } from '../client.ts'
import { type Draft, type Member, oneOf, refuse } from './member.ts'
import { noIdTokens, noIntrospection, noRequests, signingAlgs, type UseFault } from './uses.ts'
import { choiceOf, STRING } from './values.ts'

const ID_TOKEN_ALG = 'id_token_signed_response_alg'
const USERINFO_ALG = 'userinfo_signed_response_alg'

/** The rows of answers (OpenID Connect Registration §2, JARM §3, RFC 9701 §6). They come after those of keys. */
export const RESPONSES: readonly Member[] = [
  ...encryption({ answer: 'id_token', what: 'Its ID tokens are', faultOf: noIdTokens }),
  ...encryption({ answer: 'userinfo', what: 'Its userinfo answers are signed and', faultOf: noIdTokens }),
  ...encryption({
    answer: 'authorization',
    what: 'Authorization answers in the response modes `jwt`, `query.jwt`, `fragment.jwt` and `form_post.jwt` are signed and',
    faultOf: noRequests,
  }),
  ...encryption({
    answer: 'introspection',
    what: 'Introspection answers are signed and',
    faultOf: noIntrospection,
    dependsOn: ['token_endpoint_auth_method'],
  }),
  {
    name: USERINFO_ALG,
    meaning: 'How userinfo answers are signed, as JWTs. Plain JSON when absent.',
    schema: STRING,
    ...signingAlgs('userinfo', noIdTokens),
    settle: settleUserinfoAlg,
  },
]

function settleUserinfoAlg(draft: Draft): void {
  const { rules, values } = draft
  const fault = noIdTokens(draft)
  if (values.get(USERINFO_ALG) === undefined) {
    // RFC 7519 §11.2: what is encrypted is signed too, so that others who have the key cannot forge it
    if (values.has(algOf('userinfo')) && fault === undefined) values.set(USERINFO_ALG, values.get(ID_TOKEN_ALG))
  } else if (fault === undefined) {
    values.set(USERINFO_ALG, oneOf(draft, USERINFO_ALG, rules.idTokenAlgs, undefined))
  } else {
    refuse(draft, USERINFO_ALG, fault)
  }
}

interface Answer extends Pick<Member, 'dependsOn'> {
  readonly answer: string
  /** Begins the sentence "… encrypted". */
  readonly what: string
  /** Returns why the client gets no such answers. */
  readonly faultOf: UseFault
}

/** Returns the two rows of an answer. */
function encryption({ answer, what, faultOf, ...also }: Answer): Member[] {
  const [alg, enc] = [algOf(answer), `${answer}_encrypted_response_enc`]
  return [
    {
      name: alg,
      meaning: `${what} encrypted with this algorithm, for a key of its \`jwks\` or \`jwks_uri\`.`,
      ...choiceOf(...ENCRYPTION_ALGS),
      ...also,
      choices: {
        name: `${answer}_encryption_alg_values_supported`,
        supported: (draft) => (faultOf(draft) === undefined ? ENCRYPTION_ALGS : undefined),
      },
      settle: (draft) => settleAlg(draft, alg, faultOf(draft)),
    },
    {
      name: enc,
      meaning: `The content encryption with it; \`${ENCRYPTION_ENCS[0]}\` when absent.`,
      ...choiceOf(...ENCRYPTION_ENCS),
      ...also,
      choices: {
        name: `${answer}_encryption_enc_values_supported`,
        supported: ({ values }) => (values.has(alg) ? ENCRYPTION_ENCS : undefined),
      },
      settle: (draft) => settleEnc(draft, { alg, enc }),
    },
  ]
}

function algOf(answer: string): string {
  return `${answer}_encrypted_response_alg`
}

function settleAlg(draft: Draft, alg: string, fault: string | undefined): void {
  const { values, faults } = draft
  const wanted = values.get(alg)
  if (typeof wanted !== 'string') return
  if (fault !== undefined) refuse(draft, alg, fault)
  if (fault !== undefined || values.get('jwks_uri') !== undefined) return
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
