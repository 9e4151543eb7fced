/** Metadata members for clients that authenticate by a TLS certificate of a known authority. */
import { CERTIFICATE_NAMES, type CertificateName } from '../certificate-subject.ts'
import { type Draft, type Member, refuse } from './member.ts'
import { STRING } from './values.ts'

const METHOD = 'token_endpoint_auth_method'
const NAMES = Object.keys(CERTIFICATE_NAMES) as CertificateName[]

/** The rows of certificate names (RFC 8705 §2.1.2). */
export const CERTIFICATES: readonly Member[] = NAMES.map((name, at) => {
  const { meaning, expected, fits } = CERTIFICATE_NAMES[name]
  return {
    name,
    meaning,
    schema: STRING,
    value: { fits: (value) => typeof value === 'string' && fits(value), expected },
    dependsOn: [METHOD],
    // once all of them were taken
    ...(at === NAMES.length - 1 && { settle: settleNames }),
  }
})

/** RFC 8705 §2.1.2: exactly one of them. */
function settleNames(draft: Draft): void {
  const { values, faults } = draft
  const given = NAMES.filter((name) => values.has(name))
  if (values.get(METHOD) !== 'tls_client_auth') {
    for (const name of given) refuse(draft, name, 'nothing here: only clients with tls_client_auth have it')
  } else if (given.length === 0) {
    const isFaulty = NAMES.some((name) => faults.some(({ field }) => field === name))
    if (!isFaulty) faults.push({ field: NAMES[0] as string, given: null, expected: `one of ${NAMES.join(', ')}` })
  } else {
    for (const name of given.slice(1)) refuse(draft, name, `nothing beside ${given[0]}: one name is compared`)
  }
}
