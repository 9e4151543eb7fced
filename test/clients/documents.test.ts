/** Client metadata documents that change, who is accepted, and what is kept for how long. */
import { beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { documentHost, type DocumentHost } from '../support/document-host.ts'
import { ASKER, documentRefusal, documentWorld } from '../support/document-world.ts'

const { here, letPass } = await documentWorld()
const { documents } = here
let host: DocumentHost

// each test has a host of its own, since one is asked for so many unknown documents only
beforeEach(async () => {
  host = await documentHost()
})

describe('a change', () => {
  test.each([
    ['its name', { client_name: 'Other' }, ['client_name'], true],
    [
      'a redirect URI',
      { redirect_uris: ['http://127.0.0.1:7777/cb', 'http://127.0.0.1/new'] },
      ['redirect_uris'],
      true,
    ],
    [
      'the order of redirect URIs',
      { redirect_uris: ['https://b.example/cb', 'https://a.example/cb'] },
      ['redirect_uris'],
      false,
    ],
    ['its home page', { client_uri: 'https://new.example' }, ['client_uri'], false],
  ])('of %s is recorded, and says whether consent counts', async (what, members, changed, anew) => {
    const before = what.startsWith('the order')
      ? { redirect_uris: ['https://a.example/cb', 'https://b.example/cb'] }
      : {}
    const id = host.document(before)
    await documents.find(id, ASKER)
    const body = {
      client_id: id,
      client_name: 'Inspector',
      redirect_uris: ['http://127.0.0.1:7777/cb'],
      token_endpoint_auth_method: 'none',
    }
    host.show(id, { body: { ...body, ...before, ...members } })
    letPass(61)
    const after = await documents.find(id, ASKER)
    expect(after?.version).toBe(2)
    expect(after?.document?.consentSince !== null).toBe(anew)
    const [event] = await here.audit.list({ limit: 1, subject: id })
    expect(event).toMatchObject({ type: 'client.document_changed', detail: { changed, consent_asked_anew: anew } })
  })

  test('keeps what an administrator added, who cannot change what the document says', async () => {
    const id = host.document()
    await documents.find(id, ASKER)
    await here.clients.update(id, { metadata: { signet_accent: '#123456' } }, undefined, SYSTEM)
    const refusal = await here.clients
      .update(id, { metadata: { client_name: 'Mine' } }, undefined, SYSTEM)
      .catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      code: 'invalid_client_metadata',
      faults: [{ field: 'client_name', given: 'Mine', expected: `what the document at ${id} says: change it there` }],
    })
    letPass(61)
    expect((await documents.find(id, ASKER))?.metadata).toMatchObject({ signet_accent: '#123456' })
  })

  test('by a fetch that took too long does not replace that of a later one', async () => {
    const id = host.document()
    const { promise, resolve } = Promise.withResolvers<void>()
    host.gate = promise
    const first = documents.find(id, ASKER)
    await expect.poll(() => host.asked(id).length).toBe(1)
    // another node has taken over meanwhile
    await here.db.query(`UPDATE client_documents SET attempted_at = attempted_at + interval '1 s' WHERE id = $1`, [id])
    resolve()
    expect(await first).toBeUndefined()
    expect((await documents.state(id)).fetchedAt).toBeNull()
    host.gate = Promise.resolve()
  })
})

describe('who is accepted', () => {
  test('follows the lists of hosts and the mode, for known documents too', async () => {
    const id = host.document()
    await documents.find(id, ASKER)
    const rule = async (client_documents: Record<string, unknown>) => {
      await here.settings.change({ client_documents }, undefined, SYSTEM)
      return documents.find(id, ASKER).then(
        () => 'accepted',
        (error: unknown) => (error as Error).message,
      )
    }
    expect(await rule({ deny: ['127.0.0.1'] })).toBe('this server accepts no client documents of 127.0.0.1')
    expect(await rule({ deny: null, allow: ['claude.ai'] })).toBe(
      'this server accepts no client documents of 127.0.0.1',
    )
    expect(await rule({ allow: ['*.0.0.1', 'claude.ai'] })).toBe('accepted')
    expect(await rule({ allow: null, mode: 'off' })).toBe('this server accepts no client documents')
    expect(await rule({ mode: 'auto' })).toBe('this server accepts no client documents')
    await here.resources.create({ identifier: 'https://mcp.example.com', scopes: ['mcp'], openScopes: ['mcp'] }, SYSTEM)
    expect(await rule({ mode: 'auto' })).toBe('accepted')
    expect(await rule({ mode: 'off' })).toBe('this server accepts no client documents')
    await rule({ mode: 'on' })
  })

  test('is none whose address is none of a document', async () => {
    const id = `${host.origin}/`
    const { message } = await documentRefusal(documents.find(id, ASKER))
    expect(message).toMatch(/^the client_id of a document must be an https URL with a path/)
    expect(host.asked(id)).toHaveLength(0)
  })

  test('is none whose address is that of a resource', async () => {
    const id = host.document()
    await here.resources.create({ identifier: id, scopes: ['x'] }, SYSTEM)
    expect((await documentRefusal(documents.find(id, ASKER))).message).toBe(`${id} is a resource, not a client`)
    expect(host.asked(id)).toHaveLength(0)
  })

  test('is none that an administrator deleted', async () => {
    const id = host.document()
    await documents.find(id, ASKER)
    await here.clients.remove(id, undefined, SYSTEM)
    letPass(61)
    const { reason } = await documentRefusal(documents.find(id, ASKER))
    expect(reason).toBe(`an administrator deleted the client ${id} and can unblock it`)
  })
})

test('a document that nobody allowed anything goes a day later, and one that somebody uses stays', async () => {
  const [unused, wanted, disabled, faulty] = [
    host.document(),
    host.document(),
    host.document(),
    host.document({ client_name: 1 }),
  ]
  for (const id of [unused, wanted, disabled]) await documents.find(id, ASKER)
  await documentRefusal(documents.find(faulty, ASKER))
  await here.clients.setStatus(disabled, 'disabled', undefined, SYSTEM)
  await here.db.query(`INSERT INTO grants (id, account_id, client_id, payload) VALUES ('a-grant', 'acc-1', $1, '{}')`, [
    wanted,
  ])
  await documents.removeUnused()
  expect(await here.clients.read(unused)).toBeDefined()
  letPass(27 * 3600)
  expect(await documents.removeUnused()).toBeGreaterThan(1)
  expect(await here.clients.read(unused)).toBeUndefined()
  expect(await here.clients.read(wanted)).toBeDefined()
  expect(await here.clients.read(disabled)).toBeDefined()
  await expect(documents.state(faulty)).rejects.toMatchObject({ code: 'client_document_not_known', status: 404 })
  // without a tombstone: it comes back when somebody uses it
  expect(await documents.find(unused, ASKER)).toMatchObject({ id: unused })
})
