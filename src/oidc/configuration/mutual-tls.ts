/** Client certificates (RFC 8705): authentication by them, and tokens that are bound to them. */
import type { X509Certificate } from 'node:crypto'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { Config } from '#config/config.ts'
import { CERTIFICATE_NAMES, type CertificateName } from '#clients/certificate-subject.ts'
import { requestState } from '#http/request-state.ts'
import { MTLS_ENDPOINTS, ROUTES } from '../engine/routes.ts'

type Feature = NonNullable<NonNullable<Configuration['features']>['mTLS']>

/** Returns the engine's setting. It reads the certificate of bound refresh tokens even when the feature is off. */
export function mutualTls(mtls: Config['mtls']): Feature {
  const isOn = mtls !== undefined
  return {
    enabled: isOn,
    certificateBoundAccessTokens: isOn,
    selfSignedTlsClientAuth: isOn,
    tlsClientAuth: mtls?.authorities === true,
    getCertificate: (ctx) => certificateOf(ctx),
    certificateAuthorized: (ctx) => requestState(ctx).clientCertificate?.verified === true,
    certificateSubjectMatches: (ctx, member, value) => {
      const certificate = certificateOf(ctx)
      return certificate !== undefined && CERTIFICATE_NAMES[member as CertificateName].matches(certificate, value)
    },
  }
}

export function certificateOf(ctx: KoaContextWithOIDC): X509Certificate | undefined {
  return requestState(ctx).clientCertificate?.certificate
}

/** Returns what discovery says besides (RFC 8705 §5): where clients with a certificate call. */
export function mtlsEndpointAliases(issuer: string, mtls: Config['mtls']): Record<string, object> {
  if (mtls?.url === undefined) return {}
  const base = mtls.url + new URL(issuer).pathname.replace(/\/$/, '')
  const aliases = Object.entries(MTLS_ENDPOINTS).map(([member, name]) => [member, base + ROUTES[name]] as const)
  return { mtls_endpoint_aliases: Object.fromEntries(aliases) }
}
