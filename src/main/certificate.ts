/** The certificate for the server's own TLS, reloaded when its files change. */
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Config } from '#config/config.ts'
import type { Logger } from '#observability/logger.ts'
import { AppError } from '#shared/app-error.ts'

type Files = NonNullable<Config['tls']>

/** PEM strings. */
export interface Certificate {
  readonly cert: string
  readonly key: string
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
    return certificate
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CertificateError(
      `The certificate ${files.certFile} and the key ${files.keyFile} cannot be used (${reason}): give a PEM chain and its private key in SIGNET_TLS_CERT_FILE and SIGNET_TLS_KEY_FILE.`,
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
  const paths = [files.certFile, files.keyFile]
  function reload(): void {
    try {
      replace(readCertificate(files))
      logger.info({ certFile: files.certFile }, 'the certificate was read again')
    } catch (error) {
      logger.error({ err: error }, 'the changed certificate cannot be used: the old one stays')
    }
  }
  for (const path of paths) watchFile(path, { interval: POLL_MS, persistent: false }, reload)
  return () => {
    for (const path of paths) unwatchFile(path, reload)
  }
}
