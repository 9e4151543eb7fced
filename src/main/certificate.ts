/** The certificate for the server's own TLS, reloaded when its files change. */
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Config } from '#config/config.ts'
import type { Logger } from '#observability/logger.ts'
import { AppError } from '#shared/app-error.ts'

interface Files extends NonNullable<Config['tls']> {
  /** The authorities that certificates of clients are checked against; undefined when there are none. */
  readonly clientCaFile: string | undefined
}

/** PEM strings. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

/** The certificate files cannot be read or do not match. */
export class CertificateError extends AppError {
  override readonly code = 'certificate_refused'
  override readonly status = 500
}

const POLL_MS = 5000

/** Reads the certificate and its key. Throws CertificateError, which says what to do. */
export function readCertificate(files: Files): Certificate {
  try {
    const certificate = { cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') }
    createSecureContext(certificate)
    return { ...certificate, ...readAuthorities(files.clientCaFile) }
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CertificateError(
      `The certificate ${files.certFile} and the key ${files.keyFile} cannot be used (${reason}): give a PEM chain and its private key in SIGNET_TLS_CERT_FILE and SIGNET_TLS_KEY_FILE.`,
      { cause },
    )
  }
}

/** Checks that the file has certificates: without any, every certificate would count as one of an unknown authority. */
function readAuthorities(file: string | undefined): { ca?: string } {
  if (file === undefined) return {}
  try {
    const ca = readFileSync(file, 'utf8')
    const count = ca.split('-----BEGIN CERTIFICATE-----').length - 1
    if (count === 0) throw new TypeError('it has no certificate')
    createSecureContext({ ca })
    return { ca }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CertificateError(
      `The authorities in ${file} cannot be used (${reason}): give their certificates as PEM in SIGNET_MTLS_CLIENT_CA_FILE.`,
      { cause },
    )
  }
}

/**
 * Calls `replace` with each new certificate; an invalid one is logged and the old one stays in use. The returned
 * function stops watching.
 */
export function watchCertificate(
  files: Files,
  replace: (certificate: Certificate) => void,
  logger: Logger,
): () => void {
  const { certFile, keyFile, clientCaFile } = files
  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
  function reload(): void {
    try {
      replace(readCertificate(files))
      logger.info({ certFile }, 'the certificate was read again')
    } catch (error) {
      logger.error({ err: error }, 'the changed certificate cannot be used: the old one stays')
    }
  }
  for (const path of paths) watchFile(path, { interval: POLL_MS, persistent: false }, reload)
  return () => {
    for (const path of paths) unwatchFile(path, reload)
  }
}
