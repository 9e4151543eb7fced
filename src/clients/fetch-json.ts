/** Fetches JSON that a client publishes, and says in words why it could not be fetched. */
import { FetchRefused, type GuardedFetch } from '#outbound/guarded-fetch.ts'

export interface FetchedJson {
  readonly status: number
  readonly headers: Headers
  /** Undefined when the body is not JSON. */
  readonly document: unknown
}

const UNTRUSTED =
  'this server does not trust the authority that issued its certificate; NODE_EXTRA_CA_CERTS can add one'

/** What is wrong with a certificate, by the codes of Node and OpenSSL. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
}

/** Fetches a document. Throws the errors of the guarded fetch, which `fetchFault` explains. */
export async function fetchJson(fetch: GuardedFetch, uri: string): Promise<FetchedJson> {
  const response = await fetch(uri, { accept: 'application/json' })
  return { status: response.status, headers: response.headers, document: readJson(await response.text()) }
}

/** Returns the reason of a failed fetch, as the end of an error message. */
export function fetchFault(error: unknown): string {
  const chain: unknown[] = []
  for (let at = error; at instanceof Error; at = at.cause) chain.push(at)
  const refused = chain.find((one) => one instanceof FetchRefused)
  if (refused instanceof FetchRefused) return refused.message
  if (chain.some((one) => one instanceof Error && /Timeout/.test(one.name))) return 'it did not answer in time'
  const code = chain.map((one) => Reflect.get(one as Error, 'code')).find((one) => typeof one === 'string')
  if (code === undefined) return 'it could not be reached'
  return CERTIFICATE_FAULTS[code] ?? `it could not be reached (${code})`
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
