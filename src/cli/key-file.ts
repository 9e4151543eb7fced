/** Reads keys from files: private keys, which only their owner can read, public key sets and certificates. */
import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { CliFailure } from './failure.ts'

const ACCESS_BY_OTHERS = 0o077

/** A private key that can sign a client assertion. */
export type PrivateJwk = JWK & { kid?: string; alg?: string }

/**
 * Reads a private JWK. Throws CliFailure, which says what to do, when the file is missing, readable by others or not
 * such a key.
 */
export async function readKeyFile(path: string, missingHint: string): Promise<PrivateJwk> {
  const text = await readOwn(path, missingHint)
  if (text.trimStart().startsWith('-----BEGIN')) {
    throw new CliFailure(`${path} is a PEM file: give a key that was made with --format jwk.`, {
      code: 'key_file_invalid',
    })
  }
  const key = parseJson(text, path)
  if (typeof key !== 'object' || key === null || !('kty' in key) || !('d' in key)) {
    throw new CliFailure(`${path} is not a private JWK: it needs the members kty and d.`, { code: 'key_file_invalid' })
  }
  return key as PrivateJwk
}

/** Reads the private key that a provider gave out as a file, in PEM. Throws as `readKeyFile` does. */
export function readPemFile(path: string): Promise<string> {
  return readOwn(path, 'name the file that you downloaded from the provider.')
}

async function readOwn(path: string, missingHint: string): Promise<string> {
  try {
    const { mode } = await stat(path)
    if ((mode & ACCESS_BY_OTHERS) !== 0) {
      throw new CliFailure(
        `The private key ${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run "chmod 600 ${path}".`,
        { code: 'key_file_readable_by_others' },
      )
    }
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof CliFailure) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT') {
      throw new CliFailure(`There is no key file ${path}: ${missingHint}`, { code: 'key_file_missing', cause })
    }
    throw new CliFailure(`The key file ${path} could not be read (${code}): check who owns it.`, {
      code: 'key_file_unreadable',
      cause,
    })
  }
}

/**
 * Reads a public JWK Set for a client: `{"keys": […]}`, or one JWK. Refuses private keys, which must not leave their
 * owner.
 */
export async function readJwksFile(path: string): Promise<{ keys: JWK[] }> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new CliFailure(`The key set ${path} could not be read (${code}): name a file with a JWK Set.`, {
      code: 'jwks_file_unreadable',
      cause,
    })
  }
  const value = parseJson(text, path) as { keys?: unknown; kty?: unknown } | null
  const keys = Array.isArray(value?.keys) ? (value.keys as JWK[]) : value?.kty ? [value as JWK] : undefined
  if (!keys) {
    throw new CliFailure(`${path} is not a JWK Set: it should read {"keys": [{"kty": …}]}.`, {
      code: 'jwks_file_invalid',
    })
  }
  if (keys.some((key) => key.d !== undefined || key.k !== undefined)) {
    throw new CliFailure(`${path} holds a private key: give a file with the public members only.`, {
      code: 'jwks_file_private',
    })
  }
  return { keys }
}

/** Reads a TLS certificate as PEM, and returns its public key as JWK with the certificate (RFC 7517 §4.7). */
export async function readCertificateFile(path: string): Promise<JWK> {
  try {
    const certificate = new X509Certificate(await readFile(path))
    const jwk = certificate.publicKey.export({ format: 'jwk' }) as JWK
    return { ...jwk, kid: await calculateJwkThumbprint(jwk), x5c: [certificate.raw.toString('base64')] }
  } catch (cause) {
    throw new CliFailure(`The certificate ${path} could not be read: name a file with a certificate as PEM.`, {
      code: 'certificate_file_invalid',
      cause,
    })
  }
}

/** Reads a JSON document. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return parseJson(await readFile(path, 'utf8'), path)
  } catch (cause) {
    if (cause instanceof CliFailure) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    throw new CliFailure(`The file ${path} could not be read (${code}): name a file with JSON.`, {
      code: 'json_file_unreadable',
      cause,
    })
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliFailure(`${path} is not JSON.`, { code: 'file_not_json', cause })
  }
}
