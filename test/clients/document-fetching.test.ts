/** When client metadata documents are fetched, and what happens when that fails. */
import { beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { TooManyDocuments } from '#clients/errors.ts'
import { TooMuchWritten } from '#http/write-budget.ts'
import { documentHost, type DocumentHost } from '../support/document-host.ts'
import { ASKER, documentRefusal, documentWorld } from '../support/document-world.ts'

const { here, there, letPass } = await documentWorld()
const { documents } = here
let host: DocumentHost

// each test has a host of its own, since one is asked for so many unknown documents only
beforeEach(async () => {
  host = await documentHost()
})

describe('fetching', () => {
  test('happens once while the cache headers allow, on whatever node', async () => {
    const id = host.document({}, { 'cache-control': 'max-age=600' })
    await documents.find(id, ASKER)
    await there.documents.find(id, ASKER)
    letPass(590)
    expect(await there.documents.find(id, ASKER)).toMatchObject({ id })
    expect(host.asked(id)).toHaveLength(1)
    letPass(20)
    expect(await documents.find(id, ASKER)).toMatchObject({ id })
    expect(host.asked(id)).toHaveLength(2)
  })

  test.each([
    ['no-store', { 'cache-control': 'no-store, max-age=600' }, 60],
    ['nothing', {}, 60],
    ['more than a day', { 'cache-control': 'max-age=31536000' }, 86_400],
    ['an age that is nearly over', { 'cache-control': 'public, max-age=600', age: '500' }, 100],
    ['s-maxage', { 'cache-control': 'max-age=5, s-maxage=300' }, 300],
  ])('follows headers that say %s, between a minute and a day', async (_name, headers, seconds) => {
    const id = host.document({}, headers)
    await documents.find(id, ASKER)
    const { fetchedAt, nextAt } = await documents.state(id)
    expect((nextAt.getTime() - (fetchedAt?.getTime() ?? 0)) / 1000).toBeCloseTo(seconds, -0.5)
  })

  test('asks with the validators that it was given, and keeps the client when nothing changed', async () => {
    const id = host.document({}, { etag: '"v1"' })
    const first = await documents.find(id, ASKER)
    letPass(61)
    const second = await documents.find(id, ASKER)
    expect(host.asked(id)[1]).toMatchObject({ 'if-none-match': '"v1"' })
    expect(second?.version).toBe(first?.version)
    expect(second?.document?.fetchedAt?.getTime()).toBeGreaterThan(first?.document?.fetchedAt?.getTime() ?? 0)
  })

  test('falls back on the last good document for a day, and tries again after a pause', async () => {
    const id = host.document()
    await documents.find(id, ASKER)
    host.show(id, { status: 500 })
    letPass(61)
    expect(await documents.find(id, ASKER)).toMatchObject({ id })
    expect(await documents.find(id, ASKER)).toMatchObject({ id })
    expect(host.asked(id)).toHaveLength(2)
    expect((await documents.state(id)).error).toBe('it answered with status 500')
    letPass(31)
    await documents.find(id, ASKER)
    expect(host.asked(id)).toHaveLength(3)
    letPass(86_400)
    expect((await documentRefusal(documents.find(id, ASKER))).reason).toBe('it answered with status 500')
    host.show(id, { status: 200 })
    letPass(31)
    expect(await documents.find(id, ASKER)).toMatchObject({ id })
  })

  test('pauses after a document that could not be used, on every node', async () => {
    const id = host.document({ client_name: undefined })
    await documentRefusal(documents.find(id, ASKER))
    await documentRefusal(documents.find(id, ASKER))
    await documentRefusal(there.documents.find(id, ASKER))
    expect(host.asked(id)).toHaveLength(1)
    letPass(31)
    host.show(id, { body: { client_id: id, client_name: 'Mended', redirect_uris: ['https://a.example/cb'] } })
    expect(await documents.find(id, ASKER)).toMatchObject({ metadata: { client_name: 'Mended' } })
  })

  test('of a document that is refused happens once for fifty requests on two nodes, which all learn why', async () => {
    const id = host.document({ client_name: 7 })
    const { promise, resolve } = Promise.withResolvers<void>()
    host.gate = promise
    const first = documentRefusal(documents.find(id, ASKER))
    await expect.poll(() => host.asked(id).length).toBe(1)
    const others = Array.from({ length: 49 }, (_, at) =>
      documentRefusal((at % 2 === 0 ? there : here).documents.find(id, ASKER)),
    )
    // the other node waits: it looks at the state again and again
    const looks = new Set<string>()
    await expect
      .poll(async () => {
        const { rows } = await here.db.query<{ at: string }>(
          `SELECT query_start::text AS at FROM pg_stat_activity
           WHERE datname = current_database() AND query LIKE 'SELECT etag%FROM client_documents%'`,
        )
        for (const { at } of rows) looks.add(at)
        return looks.size
      })
      .toBeGreaterThan(3)
    resolve()
    for (const { message } of await Promise.all([first, ...others])) {
      expect(message).toContain(`the client document ${id} cannot be used: client_name is 7`)
    }
    expect(host.asked(id)).toHaveLength(1)
  })

  test('happens for nobody who only looks a client up', async () => {
    const id = host.document()
    expect(await documents.find(id, { ...ASKER, mayFetch: false })).toBeUndefined()
    expect(host.asked(id)).toHaveLength(0)
  })

  test('of unknown documents is limited for each host', async () => {
    const other = await documentHost()
    const asked = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        documents.find(`${other.origin}/${index}`, { ...ASKER, address: `198.51.100.${index}` }),
      ),
    )
    const limited = asked.filter((one) => one.status === 'rejected' && one.reason instanceof TooManyDocuments)
    expect(limited.length).toBeGreaterThanOrEqual(19)
    // a known document does not count
    letPass(120)
    const id = other.document()
    expect(await documents.find(id, ASKER)).toMatchObject({ id })
  })

  test('of unknown documents uses up the budget of the network that causes it', async () => {
    await here.settings.change({ limits: { anonymous_megabytes_per_hour: 1 } }, undefined, SYSTEM)
    const seen: unknown[] = []
    for (let index = 0; index < 4; index++) {
      seen.push(
        await documents
          .find(host.document(), { address: '203.0.113.9', mayFetch: true })
          .catch((error: unknown) => error),
      )
    }
    await here.settings.change({ limits: { anonymous_megabytes_per_hour: null } }, undefined, SYSTEM)
    expect(seen.at(-1)).toBeInstanceOf(TooMuchWritten)
    expect(seen[0]).toMatchObject({ origin: 'document' })
  })
})
