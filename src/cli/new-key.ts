/** Makes the private key of a client as a file, and its public key for the registration. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { ASSERTION_ALGS } from '#clients/profiles.ts'
import { CliFailure, usageFailure } from './failure.ts'

const OWNER_ONLY = 0o600
const RSA_BITS = 2048

type Alg = (typeof ASSERTION_ALGS)[number]
type Format = 'jwk' | 'pem'

/** The options of a command that can make a key. */
export interface NewKeyOptions {
  readonly generateKey?: string
  readonly alg?: Alg
  readonly format?: Format
}

const PAIRS: Readonly<Record<Alg, () => { publicKey: KeyObject; privateKey: KeyObject }>> = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: RSA_BITS }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: RSA_BITS }),
}

export function withNewKeyOptions(command: Command): Command {
  return command
    .option('--generate-key <file>', 'make a key here, write the private one to this file, register the public one')
    .addOption(
      new Option('--alg <alg>', 'what the new key signs with (default: ES256, a P-256 key)').choices(ASSERTION_ALGS),
    )
    .addOption(
      new Option('--format <format>', 'how the private key is written (default: jwk; pem: PKCS#8)').choices([
        'jwk',
        'pem',
      ]),
    )
}

/**
 * Makes a key, writes the private one to a new file (mode 0600), and runs `work` with the public one; undefined when the
 * options ask for no key. Deletes the file when `work` fails. Throws CliFailure `key_file_exists` when the file exists: a
 * key is never overwritten.
 */
export async function withNewKey<T>(options: NewKeyOptions, work: (key: JWK | undefined) => Promise<T>): Promise<T> {
  const { generateKey: path, alg = 'ES256', format = 'jwk' } = options
  if (path === undefined) {
    if (options.alg ?? options.format) throw usageFailure('--alg and --format belong to --generate-key FILE.')
    return work(undefined)
  }
  const pair = PAIRS[alg]()
  const publicJwk = pair.publicKey.export({ format: 'jwk' }) as JWK
  const about = { kid: await calculateJwkThumbprint(publicJwk), alg, use: 'sig' }
  await writeNew(path, format === 'pem' ? pemOf(pair.privateKey) : jwkOf(pair.privateKey, about))
  try {
    return await work({ ...publicJwk, ...about })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** The members in the order of RFC 7518 §6: `kty crv x y d kid alg use` for an EC key. */
function jwkOf(key: KeyObject, about: object): string {
  const { kty, crv, x, y, n, e, d, ...rest } = key.export({ format: 'jwk' })
  return `${JSON.stringify({ kty, crv, x, y, n, e, d, ...rest, ...about }, undefined, 2)}\n`
}

async function writeNew(path: string, content: string): Promise<void> {
  const file = await openNew(path)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx', OWNER_ONLY)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EEXIST') {
      throw new CliFailure(`${path} exists already and a key is never written over: name another file.`, {
        code: 'key_file_exists',
        cause,
      })
    }
    throw new CliFailure(`${path} could not be written (${code}): name a file in a directory you may write to.`, {
      code: 'key_file_not_writable',
      cause,
    })
  }
}
