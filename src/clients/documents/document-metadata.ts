/**
 * Turns a client metadata document into the input that the rows of `members` check. What is only for administrators, and
 * what this server does not know, is left out (RFC 7591 §2: unknown metadata is ignored).
 */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { ClientInput } from '../client.ts'
import { ID_TOKEN_CLAIMS } from '../id-token-claims.ts'
import { inferredProfile } from '../inferred-profile.ts'
import { memberOf } from '../members/registry.ts'
import { GRANT } from '../profiles.ts'

type Document = Readonly<Record<string, unknown>>

const METHOD = 'token_endpoint_auth_method'
/** No secret can be agreed upon with a document that everyone can read. */
const METHODS: readonly unknown[] = ['private_key_jwt', 'none']
/** The grants that a document may have: none in which a client acts without a person. */
const GRANT_TYPES: readonly unknown[] = [GRANT.code, GRANT.refresh]
/**
 * Members that follow from the profile and the grants, that consent decides (`scope`), or that would have us fetch a
 * further address of a stranger (`sector_identifier_uri`): the sector of a document is the host of its redirect URIs.
 */
const NOT_TAKEN = new Set([
  'application_type',
  'client_id',
  'grant_types',
  'response_types',
  'scope',
  'sector_identifier_uri',
  METHOD,
])
/** RP Metadata Choices 1.0 §2: what a client can do, for servers to choose from. */
const CHOICES: Readonly<Record<string, string>> = {
  id_token_signed_response_alg: 'id_token_signing_alg_values_supported',
  token_endpoint_auth_signing_alg: 'token_endpoint_auth_signing_alg_values_supported',
}
/** What this server chooses from, the best first. */
const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  id_token_signed_response_alg: ['RS256', 'ES256'],
  token_endpoint_auth_signing_alg: ['ES256', 'EdDSA', 'PS256', 'RS256'],
}

export type DocumentInput = Pick<ClientInput, 'profile'> & { readonly metadata: Record<string, unknown> }

/** Returns the input that the document at `id` describes. Pushes what only a document must have, or not, to `faults`. */
export function documentInput(id: string, document: Document, faults: Fault[]): DocumentInput {
  if (document['client_id'] !== id) {
    faults.push({ field: 'client_id', given: shown(document['client_id']), expected: `its own address, ${id}` })
  }
  // draft-ietf-oauth-client-id-metadata-document §4.1: neither may be used
  for (const field of ['client_secret', 'client_secret_expires_at']) {
    if (Object.hasOwn(document, field)) faults.push({ field, given: '(not shown)', expected: 'no secret' })
  }
  if (document['client_name'] === undefined) {
    faults.push({ field: 'client_name', given: null, expected: 'the name that people read when they are asked' })
  }
  const method = methodOf(document, faults)
  const given = Object.entries(document).filter(([name]) => isForDocuments(name))
  const grants = grantTypesOf(document)
  return {
    profile: inferredProfile(document, method),
    metadata: {
      ...chosenAlgs(document),
      ...Object.fromEntries(given),
      [METHOD]: method,
      ...(grants === undefined ? {} : { grant_types: grants }),
    },
  }
}

function isForDocuments(name: string): boolean {
  if (NOT_TAKEN.has(name) || memberOf(name) === undefined) return false
  return !name.startsWith('signet_') || name === ID_TOKEN_CLAIMS
}

/** Returns the method that is given, the best of the choices, or else the one that its keys allow. */
function methodOf(document: Document, faults: Fault[]): unknown {
  const { [METHOD]: given, token_endpoint_auth_methods_supported: choices } = document
  const hasKeys = document['jwks'] !== undefined || document['jwks_uri'] !== undefined
  if (given === undefined) {
    const possible = Array.isArray(choices) ? METHODS.filter((method) => choices.includes(method)) : METHODS
    return possible.find((method) => hasKeys || method === 'none') ?? 'none'
  }
  if (METHODS.includes(given)) return given
  faults.push({ field: METHOD, given: shown(given), expected: 'none or private_key_jwt' })
  return 'none'
}

/** Returns the given grant types that a document may have; others are those of other servers. */
function grantTypesOf({ grant_types: given }: Document): unknown {
  return Array.isArray(given) ? given.filter((type) => GRANT_TYPES.includes(type)) : given
}

function chosenAlgs(document: Document): Record<string, unknown> {
  const chosen = Object.entries(CHOICES).flatMap(([member, choices]) => {
    const { [choices]: possible } = document
    const best = Array.isArray(possible) ? CHOSEN[member]?.find((alg) => possible.includes(alg)) : undefined
    return best === undefined ? [] : [[member, best] as const]
  })
  return Object.fromEntries(chosen)
}
