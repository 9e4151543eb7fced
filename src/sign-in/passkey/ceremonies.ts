/** Parses and verifies what browsers send in the two ceremonies of WebAuthn Level 3 (§7.1, §7.2). Uses no database. */
import { z } from 'zod'

/** The relying party that passkeys belong to. It comes from the issuer, never from a request. */
export interface RelyingParty {
  /** The RP ID: the host of the issuer. */
  readonly id: string
  readonly origin: string
}

export const COUNTER_WENT_BACK = 'the counter went back'

/** EdDSA, ES256 and RS256 (COSE, RFC 9053). Every platform supports at least one of them. */
export const ALGORITHMS = [-8, -7, -257]
/** WebAuthn §7.1: longer ids are refused. */
const MAX_CREDENTIAL_ID_BYTES = 1023

/** A response is refused. The message is always our own and never contains data from an authenticator or browser. */
export class ResponseRefused extends Error {
  override readonly name: string = 'ResponseRefused'
}

/** The signature holds, but the passkey is not as it was when it was made: it may be a copy, or was reset. */
export class ResponseChanged extends ResponseRefused {
  override readonly name = 'ResponseChanged'
}

const base64url = z.string().regex(/^[\w-]+$/)
const credential = { id: base64url, rawId: base64url, type: z.literal('public-key') }
const assertionSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url,
  }),
})
const attestationSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z
      .array(z.string().regex(/^[\w-]{1,32}$/))
      .max(10)
      .catch([]),
  }),
})
const clientDataSchema = z.object({ challenge: base64url, crossOrigin: z.boolean().optional() })

/** A well-formed response, with the challenge that it claims to answer. */
export type Assertion = z.infer<typeof assertionSchema> & { readonly challenge: string }
export type Attestation = z.infer<typeof attestationSchema> & { readonly challenge: string }

/** Parses an assertion (sign-in) and its challenge, without verifying them. Throws ResponseRefused. */
export function readAssertion(text: string | undefined): Assertion {
  return withChallenge(parse(assertionSchema, text))
}

/** Parses an attestation (registration) and its challenge, without verifying them. Throws ResponseRefused. */
export function readAttestation(text: string | undefined): Attestation {
  return withChallenge(parse(attestationSchema, text))
}

/**
 * Verifies an assertion by WebAuthn §7.2. The caller must have spent the challenge. Throws ResponseRefused, or
 * ResponseChanged once the signature is verified.
 */
export async function verifyAssertion(
  assertion: Assertion,
  stored: { readonly publicKey: Buffer; readonly signCount: number; readonly synced: boolean },
  rp: RelyingParty,
): Promise<{ signCount: number }> {
  const { challenge, ...response } = assertion
  // loading it takes a fifth of a second, and most servers never verify a passkey
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { verified, authenticationInfo } = await inOurWords(() =>
    verifyAuthenticationResponse({
      response: { ...response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      // the library would compare the counters before it verifies the signature
      credential: { id: response.id, publicKey: Uint8Array.from(stored.publicKey), counter: 0 },
      requireUserVerification: true,
    }),
  )
  if (!verified) throw new ResponseRefused('the signature is not of this passkey')
  // §7.2: backup eligibility is fixed when the passkey is made
  if ((authenticationInfo.credentialDeviceType === 'multiDevice') !== stored.synced) {
    throw new ResponseChanged('the passkey says of itself what it did not say when it was made')
  }
  const signCount = authenticationInfo.newCounter
  // two assertions with the same count, or a lower one, mean that the passkey was cloned
  if (signCount <= stored.signCount && stored.signCount > 0) throw new ResponseChanged(COUNTER_WENT_BACK)
  return { signCount }
}

export interface MadeCredential {
  readonly credentialId: Buffer
  readonly publicKey: Buffer
  readonly signCount: number
  readonly synced: boolean
  readonly transports: readonly string[]
}

/** Verifies an attestation by WebAuthn §7.1. The caller must have spent the challenge. Throws ResponseRefused. */
export async function verifyAttestation(attestation: Attestation, rp: RelyingParty): Promise<MadeCredential> {
  const { challenge, response, ...rest } = attestation
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const { registrationInfo, verified } = await inOurWords(async () =>
    verifyRegistrationResponse({
      response: {
        ...rest,
        response: {
          clientDataJSON: response.clientDataJSON,
          attestationObject: await withoutStatement(response.attestationObject),
        },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  )
  if (!verified) throw new ResponseRefused('the passkey was not made as it was asked for')
  const { credential: made, credentialDeviceType } = registrationInfo
  const credentialId = Buffer.from(made.id, 'base64url')
  if (made.id !== rest.id) throw new ResponseRefused('the id is not that of the passkey which was made')
  if (credentialId.length > MAX_CREDENTIAL_ID_BYTES) throw new ResponseRefused('the id of the passkey is too long')
  return {
    credentialId,
    publicKey: Buffer.from(made.publicKey),
    signCount: made.counter,
    synced: credentialDeviceType === 'multiDevice',
    transports: response.transports,
  }
}

/**
 * Returns the attestation object without its statement. We ask for no attestation, so browsers remove the statement
 * (WebAuthn §5.1.3). A statement that is sent anyway is ignored: verifying it would mean parsing its certificates and
 * fetching what they link to.
 */
async function withoutStatement(attestationObject: string): Promise<string> {
  const { decodeAttestationObject, isoCBOR } = await import('@simplewebauthn/server/helpers')
  const authData = decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url'))).get('authData')
  const bare = new Map<string, string | Uint8Array | Map<never, never>>([
    ['fmt', 'none'],
    ['attStmt', new Map<never, never>()],
    ['authData', authData],
  ])
  return Buffer.from(isoCBOR.encode(bare as never)).toString('base64url')
}

function parse<T>(schema: z.ZodType<T>, text: string | undefined): T {
  const result = schema.safeParse(jsonOf(text ?? ''))
  if (!result.success) throw new ResponseRefused('the response is malformed')
  return result.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function withChallenge<T extends { readonly response: { readonly clientDataJSON: string } }>(
  response: T,
): T & { readonly challenge: string } {
  const clientData = Buffer.from(response.response.clientDataJSON, 'base64url').toString()
  const { challenge, crossOrigin } = parse(clientDataSchema, clientData)
  // our pages are never framed
  if (crossOrigin === true) throw new ResponseRefused('the response was made in a frame of another site')
  return { ...response, challenge }
}

/** Maps the start of the library's error messages to our words. The rest of a message may contain untrusted input. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Credential ID was not base64url/, 'the two ids of the response differ'],
  [/^Unexpected (authentication|registration) response type/, 'the response is of another ceremony'],
  [/^Unexpected (authentication|registration) response origin/, 'wrong origin'],
  [/^Unexpected RP ID hash/, 'wrong RP ID'],
  [/^User (presence was required|not present)/, 'nobody was present'],
  [/^User verification (was )?required/, 'the person was not verified'],
  [/^Unexpected public key alg/, 'the algorithm was not offered'],
]

async function inOurWords<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : ''
    const words = WORDS.find(([beginning]) => beginning.test(message))?.[1]
    throw new ResponseRefused(words ?? 'the response is malformed', { cause })
  }
}
