/** The links of an account, as its owner's page has them. */
import { beforeAll, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import type { MailMessage } from '#mail/sealed-mail.ts'
import type { TemplateName } from '#mail/templates/mail-template.ts'
import { systemClock as clock } from '#shared/clock.ts'
import { createFederation } from '#federation/federation.ts'
import { createLinkStore } from '#federation/link-store.ts'
import { createPasswords } from '#sign-in/password/passwords.ts'
import { PASSWORD } from '../support/administrator.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { forFederation } from '../support/sign-in-registry.ts'
import { openRooms, refusal, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
let upstreamSignIn: ReturnType<typeof createFederation>['upstreamSignIn']
let upstreams: ReturnType<typeof createFederation>['upstreams']
const mails: MailMessage<TemplateName>[] = []

beforeAll(async () => {
  const { url } = await cloneDatabase()
  rooms = await openRooms(url)
  const fetch = createGuardedFetch({ allow: [] })
  const mail = { enqueue: async (_: unknown, message: MailMessage<TemplateName>) => void mails.push(message) }
  const issuer = 'https://id.example.com'
  const made = createFederation({ ...rooms, clock, issuer, allowHttp: () => false, fetch, mail, ...forFederation })
  upstreamSignIn = made.upstreamSignIn
  upstreams = made.upstreams
  for (const id of ['acme', 'other']) {
    await upstreams.create({ id, name: id.toUpperCase(), issuer: `https://${id}.example`, clientId: 'us' }, SYSTEM)
  }
})

async function account(email: string, password?: string): Promise<string> {
  const store = password === undefined ? undefined : await createPasswords(rooms).prepare(password)
  const { id: sub } = await rooms.accounts.create({ email }, SYSTEM, async (trx, { id: of }) => {
    await store?.(trx, of)
  })
  return sub
}

const link = (upstream: string, subject: string, sub: string) =>
  createLinkStore(rooms.db).add({ upstream, subject }, sub)
const by = (sub: string) => ({ actor: { kind: 'account', id: sub }, address: '192.0.2.7' }) as const

test('are listed with the name of the provider, and taken away with an event and a mail', async () => {
  const sub = await account('ada@example.com', PASSWORD)
  await link('acme', 'ada-there', sub)
  expect(await upstreamSignIn.links(sub)).toMatchObject([{ upstream: 'acme', subject: 'ada-there', name: 'ACME' }])
  await upstreamSignIn.unlink(sub, { upstream: 'acme', subject: 'ada-there' }, by(sub))
  expect(await upstreamSignIn.links(sub)).toEqual([])
  const [event] = await rooms.audit.list({ limit: 1, type: 'account.unlinked' })
  expect(event).toMatchObject({ accountId: sub, actor: { kind: 'account', id: sub }, detail: { upstream: 'acme' } })
  expect(mails.at(-1)).toMatchObject({
    to: 'ada@example.com',
    template: 'factor_changed',
    data: { change: 'upstream_unlinked', address: '192.0.2.7' },
  })
})

test('of another account, or of another provider, cannot be taken away', async () => {
  const [sub, other] = [await account('one@example.com', PASSWORD), await account('two@example.com', PASSWORD)]
  await link('acme', 'one-there', sub)
  for (const [whose, upstream] of [
    [other, 'acme'],
    [sub, 'other'],
  ] as const) {
    const refused = await refusal(upstreamSignIn.unlink(whose, { upstream, subject: 'one-there' }, by(whose)))
    expect([refused.code, refused.message]).toEqual(['link_not_found', 'The account is not linked to this provider.'])
  }
  expect(await upstreamSignIn.links(sub)).toHaveLength(1)
})

test('the last way to sign in stays, also where two are taken away at once', async () => {
  const sub = await account('last@example.com')
  await link('acme', 'last-there', sub)
  await link('other', 'last-there', sub)
  const attempts = await Promise.allSettled(
    ['acme', 'other'].map((upstream) => upstreamSignIn.unlink(sub, { upstream, subject: 'last-there' }, by(sub))),
  )
  expect(attempts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const [left] = await upstreamSignIn.links(sub)
  const refused = await refusal(
    upstreamSignIn.unlink(sub, { upstream: String(left?.upstream), subject: 'last-there' }, by(sub)),
  )
  expect(refused.code).toBe('last_way_in')
  expect(await upstreamSignIn.links(sub)).toHaveLength(1)
})

test('to a provider that is disabled is no way to sign in, and comes back with it', async () => {
  const sub = await account('waiting@example.com')
  await link('other', 'waiting-there', sub)
  expect(await upstreamSignIn.isEnrolled(sub)).toBe(true)
  await upstreams.update('other', { enabled: false }, undefined, SYSTEM)
  expect(await upstreamSignIn.isEnrolled(sub)).toBe(false)
  await upstreams.update('other', { enabled: true }, undefined, SYSTEM)
  expect(await upstreamSignIn.isEnrolled(sub)).toBe(true)
  await upstreams.remove('other', undefined, SYSTEM)
  expect(await upstreamSignIn.links(sub)).toEqual([])
})

test('what nobody came back for is removed after ten minutes', async () => {
  await rooms.db.query(
    `INSERT INTO upstream_requests VALUES ('a', 'b', 'c', now() - interval '1 second'), ('d', 'e', 'f', now() + interval '1 minute')`,
  )
  const made = createFederation({
    ...rooms,
    clock,
    issuer: 'https://id.example.com',
    allowHttp: () => false,
    fetch: createGuardedFetch({ allow: [] }),
    mail: { enqueue: async () => undefined },
    ...forFederation,
  })
  expect(await made.removeExpired()).toEqual({ upstream_requests: 1 })
  expect(await made.removeExpired()).toBeUndefined()
})
