/** Checks that an access token is used on a connection with the certificate that it is bound to (RFC 8705 §3). */
import { hash, X509Certificate } from 'node:crypto'
import type { AccessTokenClaims } from './claims.ts'
import type { Credentials, RequestLike } from './credentials.ts'
import { invalidToken, type RefusalContext } from './refusal.ts'

/** The certificate of a request: as Node has it, its DER, or PEM; undefined when there is none. */
export type CertificateOf = (request: RequestLike) => X509Certificate | Uint8Array | string | undefined

export interface CertificateBinding {
  /** Returns whether the token is bound to a certificate; then it was the right one. Throws AccessTokenRefused: 401. */
  isHeld(claims: AccessTokenClaims, credentials: Credentials, request: RequestLike, context: RefusalContext): boolean
}

/** Creates the check, or returns undefined for `false`. `true`: the certificate is that of the request's own connection. */
export function createCertificateBinding(option: boolean | CertificateOf): CertificateBinding | undefined {
  if (option === false) return undefined
  const certificateOf = option === true ? ofConnection : option
  return {
    isHeld(claims, { scheme }, request, context) {
      const boundTo = thumbprintOf(claims['cnf'])
      if (boundTo === undefined) return false
      if (scheme === 'DPoP')
        invalidToken(context, 'The access token is bound to a certificate: send it with the scheme Bearer.')
      const certificate = certificateOf(request)
      if (certificate === undefined) {
        invalidToken(context, 'The access token is bound to a certificate, and the request came without one.')
      }
      if (hash('sha256', derOf(certificate), 'base64url') !== boundTo) {
        invalidToken(context, 'The access token is bound to another certificate than that of the request.')
      }
      return true
    },
  }
}

/** Returns `x5t#S256`, if the token is bound to that certificate and to nothing else. */
function thumbprintOf(cnf: unknown): string | undefined {
  if (typeof cnf !== 'object' || cnf === null) return undefined
  const { 'x5t#S256': thumbprint, ...others } = cnf as Record<string, unknown>
  return typeof thumbprint === 'string' && thumbprint !== '' && Object.keys(others).length === 0
    ? thumbprint
    : undefined
}

function ofConnection({ socket }: RequestLike): X509Certificate | undefined {
  const { getPeerX509Certificate } = (socket ?? {}) as { getPeerX509Certificate?: () => X509Certificate | undefined }
  return getPeerX509Certificate?.call(socket)
}

function derOf(certificate: X509Certificate | Uint8Array | string): Uint8Array {
  return certificate instanceof X509Certificate ? certificate.raw : new X509Certificate(certificate).raw
}
