/** Clients with TLS certificates on the command line. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { certifiedJwk, makeCertificate } from '../support/certificates.ts'
import { startSignet } from './support/signet.ts'

const signet = await startSignet('shared', {
  SIGNET_MTLS_URL: 'https://mtls.id.example.com',
  SIGNET_TRUSTED_PROXIES: '192.0.2.1',
  SIGNET_PROXY_VERIFIES_CLIENT_CERT: 'true',
})
const MACHINE = ['clients', 'create', '--profile', 'machine']

test('--auth self_signed_tls_client_auth --certificate registers the key of a certificate with it', async () => {
  const own = makeCertificate({ subject: [['CN', 'reports']] })
  await writeFile(join(signet.dir, 'reports.crt'), own.cert)
  const client = await signet.json([MACHINE, ['--auth', 'self_signed_tls_client_auth', '--certificate', 'reports.crt']])
  expect(client['jwks']).toEqual({ keys: [expect.objectContaining(certifiedJwk(own)) as unknown] })
})

test('--auth tls_client_auth registers a client by the name in its certificate', async () => {
  const client = await signet.json([
    MACHINE,
    ['--auth', 'tls_client_auth', '--set', 'tls_client_auth_subject_dn=CN=audit,O=Example'],
  ])
  expect(client).toMatchObject({
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=audit,O=Example',
  })
})

test('a file without a certificate is named', async () => {
  await writeFile(join(signet.dir, 'empty.crt'), '')
  const run = await signet.run([...MACHINE, '--auth', 'self_signed_tls_client_auth', '--certificate', 'empty.crt'])
  expect(run).toEqual({
    code: 1,
    stdout: '',
    stderr: 'The certificate empty.crt could not be read: name a file with a certificate as PEM.\n',
  })
})
