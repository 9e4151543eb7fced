/** The server's own TLS: the certificate is used, read again when it changes, and refused when it does not fit. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test, vi } from 'vitest'
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

test('https is spoken with the certificate given, and a changed one is used without a restart', async () => {
  const files = filesOf('first.crt', 'first.key')
  const port = await freePort()
  const env = { ...files, PORT: String(port), SIGNET_ISSUER: `https://localhost:${port}` }
  const server = await startServer({ env })
  expect(await shownName(port, 'first.crt')).toBe('first.localhost')

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
