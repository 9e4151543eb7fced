/** The server's own TLS: the certificate is used, read again when it changes, and refused when it does not fit. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type ConnectionOptions } from 'node:tls'
import { describe, expect, test, vi } from 'vitest'
import { freePort } from '../support/ports.ts'
import { startServer, temporaryDir } from '../support/server.ts'
import { runSignet } from '../cli/support/signet.ts'

// Files are looked at every five seconds.
vi.setConfig({ testTimeout: 60_000 })

const fixture = (file: string) => join(import.meta.dirname, 'certificates', file)

/** A folder with a certificate and its key, as the settings that name them. */
function filesOf(cert: string, key: string) {
  const dir = temporaryDir('tls')
  const files = { SIGNET_TLS_CERT_FILE: join(dir, 'tls.crt'), SIGNET_TLS_KEY_FILE: join(dir, 'tls.key') }
  copyFileSync(fixture(cert), files.SIGNET_TLS_CERT_FILE)
  copyFileSync(fixture(key), files.SIGNET_TLS_KEY_FILE)
  return files
}

/** The common name of the certificate that the server shows, verified against `ca`. */
function shownName(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(fixture(ca)) }
    const socket = connect(options, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.end()
    })
    socket.once('error', reject)
  })
}

/** CBC, which Node offers unless it is told otherwise. */
const OLD: ConnectionOptions = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA' }

/** The protocol and suite that a client with the options agrees on with the server, or `refused`. */
function suiteOf(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const target = { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false }
    const socket = connect({ ...target, ...options }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
      socket.end()
    })
    socket.once('error', () => resolve('refused'))
  })
}

test('https is spoken with the certificate given, and a changed one is used without a restart', async () => {
  const files = filesOf('first.crt', 'first.key')
  const port = await freePort()
  const env = { ...files, PORT: String(port), SIGNET_ISSUER: `https://localhost:${port}` }
  const server = await startServer({ env })
  expect(await shownName(port, 'first.crt')).toBe('first.localhost')
  expect(await suiteOf(port, OLD)).toBe('refused')

  writeFileSync(files.SIGNET_TLS_CERT_FILE, 'no certificate')
  copyFileSync(fixture('second.key'), files.SIGNET_TLS_KEY_FILE)
  const refused = () =>
    server.logLines().some(({ msg }) => String(msg).startsWith('the changed certificate cannot be used'))
  await expect.poll(refused, { timeout: 20_000 }).toBe(true)
  expect(await shownName(port, 'first.crt')).toBe('first.localhost')

  copyFileSync(fixture('second.crt'), files.SIGNET_TLS_CERT_FILE)
  await expect
    .poll(() => shownName(port, 'second.crt').catch(() => 'not yet'), { timeout: 20_000, interval: 250 })
    .toBe('second.localhost')
  // a new context does not bring back the defaults of Node
  expect(await suiteOf(port, OLD)).toBe('refused')
})

describe('the listener offers', () => {
  async function listening(cert: string, key: string, profile?: string): Promise<number> {
    const port = await freePort()
    const env = { PORT: String(port), SIGNET_ISSUER: `https://localhost:${port}`, SIGNET_TLS_PROFILE: profile }
    await startServer({ env: { ...filesOf(cert, key), ...env } })
    return port
  }

  test('TLS 1.3, and TLS 1.2 with the four suites of BCP 195, and nothing else', async () => {
    const ports = { RSA: await listening('rsa.crt', 'rsa.key'), ECDSA: await listening('first.crt', 'first.key') }
    for (const [kind, port] of Object.entries(ports)) {
      expect(await suiteOf(port, {})).toMatch(/^TLSv1\.3 TLS_/)
      for (const suite of [`ECDHE-${kind}-AES128-GCM-SHA256`, `ECDHE-${kind}-AES256-GCM-SHA384`]) {
        expect(await suiteOf(port, { maxVersion: 'TLSv1.2', ciphers: suite })).toBe(`TLSv1.2 ${suite}`)
      }
      for (const suite of [
        `ECDHE-${kind}-AES128-SHA256`,
        `ECDHE-${kind}-AES256-SHA384`,
        `ECDHE-${kind}-AES128-SHA`,
        `ECDHE-${kind}-CHACHA20-POLY1305`,
        'DHE-RSA-AES128-GCM-SHA256',
        'AES128-GCM-SHA256',
        'AES256-SHA256',
      ]) {
        expect(await suiteOf(port, { maxVersion: 'TLSv1.2', ciphers: suite }), suite).toBe('refused')
      }
      const older = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
      expect(await suiteOf(port, older)).toBe('refused')
    }
  })

  test('TLS 1.3 alone, or the defaults of Node, where the setting says so', async () => {
    const strict = await listening('rsa.crt', 'rsa.key', 'tls1.3')
    expect(await suiteOf(strict, { maxVersion: 'TLSv1.2' })).toBe('refused')
    expect(await suiteOf(strict, {})).toMatch(/^TLSv1\.3 /)
    const old = { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' } as const
    expect(await suiteOf(await listening('rsa.crt', 'rsa.key', 'node'), old)).toBe('TLSv1.2 AES128-GCM-SHA256')
  })
})

test('a certificate and a key that do not fit are refused in one sentence', async () => {
  const files = filesOf('first.crt', 'second.key')
  const env = { ...files, PORT: String(await freePort()), SIGNET_MANAGEMENT_PORT: '0' }
  const { code, stderr } = await runSignet(['serve'], { dir: temporaryDir('serve'), env })
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^The certificate .+tls\.crt and the key .+tls\.key cannot be used \(.+\): give a PEM chain and its private key in SIGNET_TLS_CERT_FILE and SIGNET_TLS_KEY_FILE\.\n$/,
  )
})
