/** The official SDK's clients name themselves by a document at an https URL, which the server fetches over TLS. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import type { Administrator } from '../../support/administrator.ts'
import { createApp } from '../../support/app.ts'
import { type Identity, makeCertificate } from '../../support/certificates.ts'
import { DOCUMENT_CALLBACK, documentHost } from '../../support/document-host.ts'
import { person, textOf } from '../../support/person.ts'
import { type Server, startProcess, temporaryDir } from '../../support/server.ts'
import { CALLBACK, mcpWorld, memory, READ, SDKS, signIn } from './mcp-world.ts'

const HOUR_MS = 3_600_000
const UNTRUSTED =
  'this server does not trust the authority that issued its certificate; NODE_EXTRA_CA_CERTS can add one'
const LOCALHOST = { subject: [['CN', 'localhost']], names: [['dns', 'localhost']] } as const
const known = makeCertificate({ subject: [['O', 'Known']], isAuthority: true })
const unknown = makeCertificate({ subject: [['O', 'Unknown']], isAuthority: true })
let server: Server
let admin: Administrator
let url: string

beforeAll(async () => {
  const file = join(temporaryDir('authorities'), 'known.crt')
  writeFileSync(file, known.cert)
  // Node reads the file when a process starts
  server = await startProcess({ env: { NODE_EXTRA_CA_CERTS: file } })
  ;({ admin, url } = await mcpWorld(server))
})

test.each(Object.entries(SDKS))(
  'the client of version %s signs a person in by its document',
  async (_version, sdkOf) => {
    const host = await documentHost(makeCertificate({ ...LOCALHOST, issuer: known }))
    const id = host.document({ redirect_uris: [CALLBACK] })
    expect(id).toMatch(/^https:/)
    const provider = memory(id)
    const sdk = sdkOf(url, provider)
    const sentTo = await signIn(server, sdk, provider)
    expect(sentTo.searchParams.get('client_id')).toBe(id)
    expect(await sdk.tools()).toEqual(['list_notes', 'add_note'])
    const { access_token: token = '' } = provider.kept.tokens ?? {}
    expect(decodeJwt(token)).toMatchObject({ aud: url, client_id: id, scope: READ })
    expect(host.asked(id)).toHaveLength(1)
  },
)

test.each<[string, () => Identity, string]>([
  ['an unknown authority', () => makeCertificate({ ...LOCALHOST, issuer: unknown }), UNTRUSTED],
  ['nobody but itself', () => makeCertificate(LOCALHOST), UNTRUSTED],
  [
    'the right authority, but for another host',
    () => makeCertificate({ ...LOCALHOST, names: [['dns', 'app.example.com']], issuer: known }),
    'its certificate is for another host',
  ],
  [
    'the right authority, but of the past',
    () => makeCertificate({ ...LOCALHOST, issuer: known, notAfter: new Date(Date.now() - HOUR_MS) }),
    'its certificate has expired',
  ],
  [
    'the right authority, but of the future',
    () => makeCertificate({ ...LOCALHOST, issuer: known, notBefore: new Date(Date.now() + HOUR_MS) }),
    'its certificate is not valid yet',
  ],
])('a document behind a certificate of %s is refused unread', async (_whose, certificate, why) => {
  const host = await documentHost(certificate())
  const id = host.document()
  const { url: authorize } = createApp(server, { id, key: {}, secret: undefined }, DOCUMENT_CALLBACK, true).begin()
  const page = await person(() => server).visit(authorize)
  expect({ status: page.status, left: page.left }).toEqual({ status: 400, left: undefined })
  // strangers learn nothing about what the server can reach
  expect(textOf(page.html)).toContain(`the client document ${id} could not be fetched; an administrator can see why`)
  expect(page.html).not.toContain('certificate')
  expect(host.asked(id)).toHaveLength(0)
  expect(await admin.eventOf('authorization.refused', page.headers)).toMatchObject({
    outcome: 'failure',
    reason: `invalid_client: ${why}`,
    detail: { claimed_client_id: id },
  })
  expect(await admin.call('GET', `/clients/${encodeURIComponent(id)}/document`)).toMatchObject({
    error: why,
  })
})
