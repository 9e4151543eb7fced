/** Everything secret that a run needs, made anew each time: certificates, the keys of the clients, a password. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { exportJWK, type JWK } from 'jose'
import { type Identity, makeCertificate } from '../test/support/certificates.ts'

const DAY_MS = 24 * 3600 * 1000
/** Long enough for a certification; everything ends with the run anyway. */
const LIFETIME_MS = 90 * DAY_MS

export interface ClientKeys {
  /** The private key, with the `alg` that it signs with. */
  readonly key: JWK
  readonly publicKey: JWK
  /** The TLS certificate, by which the authority of `Files.authority` vouches for `hostName`. */
  readonly certificate: Identity
  readonly hostName: string
}

export interface Credentials {
  readonly authority: Identity
  /** The certificate of this server's listeners. */
  readonly server: Identity
  /** The suite acts as two clients. */
  readonly clients: readonly [ClientKeys, ClientKeys]
  readonly password: string
  readonly files: { readonly authority: string; readonly certificate: string; readonly key: string }
}

/** Makes them, and writes the files that the server reads to `folder`. */
export async function makeCredentials(folder: string, host: string): Promise<Credentials> {
  const notAfter = new Date(Date.now() + LIFETIME_MS)
  const authority = makeCertificate({ subject: [['O', 'Signet conformance']], isAuthority: true, notAfter })
  // an RSA key: some modules of the suite offer only cipher suites with RSA
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const names = [[isIP(host) === 4 ? 'ip' : 'dns', host] as const]
  const server = makeCertificate({ subject: [['CN', host]], names, issuer: authority, notAfter, privateKey })
  const client = (hostName: string) => makeClient(hostName, authority, notAfter)
  const file = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  return {
    authority,
    server,
    clients: [await client('client1.conformance.example'), await client('client2.conformance.example')],
    password: randomBytes(15).toString('base64url'),
    files: {
      authority: file('authority.pem', authority.cert),
      certificate: file('server.pem', server.cert),
      key: file('server.key', server.key),
    },
  }
}

async function makeClient(hostName: string, issuer: Identity, notAfter: Date): Promise<ClientKeys> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  // PS256: the suite's modules on refused algorithms need a key that could sign RS256, too
  const about = { alg: 'PS256', use: 'sig', kid: hostName }
  return {
    key: { ...(await exportJWK(privateKey)), ...about },
    publicKey: { ...(await exportJWK(publicKey)), ...about },
    certificate: makeCertificate({ subject: [['CN', hostName]], names: [['dns', hostName]], issuer, notAfter }),
    hostName,
  }
}
