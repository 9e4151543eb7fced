/** Accounts on a real database: rules, uniqueness, versions, lists, audit. */
import { describe, expect, test } from 'vitest'
import { createAccounts } from '#accounts/accounts.ts'
import { SYSTEM } from '#audit/audit.ts'
import { systemClock } from '#shared/clock.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, refusal } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const rooms = await openRooms(url)
const { accounts, audit } = rooms
const BY = { actor: { kind: 'client', id: 'cli-admin' }, address: '192.0.2.7', requestId: 'req-1' } as const

async function events(sub: string) {
  const stored = await audit.list({ limit: 50, accountId: sub })
  return stored.map(({ type, outcome, actor, detail }) => ({ type, outcome, actor: actor.id, detail }))
}

describe('creating', () => {
  test('makes an account with a subject of its own and an audit event', async () => {
    const account = await accounts.create(
      { email: 'ada@example.com', name: 'Ada Lovelace', claims: { given_name: 'Ada', locale: 'en-GB' } },
      BY,
    )
    expect(account.id).toMatch(/^acc-[A-Za-z0-9_-]{22}$/)
    expect(account).toMatchObject({
      email: 'ada@example.com',
      emailVerified: false,
      name: 'Ada Lovelace',
      claims: { given_name: 'Ada', locale: 'en-GB' },
      status: 'enabled',
      version: 1,
    })
    expect(await accounts.read(account.id)).toEqual(account)
    expect(await events(account.id)).toEqual([
      { type: 'account.created', outcome: 'success', actor: 'cli-admin', detail: undefined },
    ])
  })

  test('refuses an e-mail address that differs from another one in case only', async () => {
    await accounts.create({ email: 'Grace@Example.com' }, SYSTEM)
    const error = await refusal(accounts.create({ email: 'grace@example.COM' }, SYSTEM))
    expect(error).toMatchObject({ code: 'account_exists', status: 409 })
    expect(error.message).toBe('An account with the e-mail address grace@example.COM exists already.')
    expect(error.faults[0]?.field).toBe('email')
  })

  test('lets one of fifty concurrent creations with one address through', async () => {
    const tries = Array.from({ length: 50 }, () => accounts.create({ email: 'race@example.com' }, SYSTEM))
    const results = await Promise.allSettled(tries)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
    expect(new Set(codes)).toEqual(new Set(['account_exists']))
  })

  test('leaves nothing behind when the first credential cannot be set', async () => {
    const failure = new Error('no credential')
    const created = accounts.create({ email: 'half@example.com' }, SYSTEM, async () => {
      throw failure
    })
    await expect(created).rejects.toBe(failure)
    expect(await accounts.findByIdentifier('half@example.com')).toBeUndefined()
  })

  test('tells every faulty member at once, with what was given and what would be right', async () => {
    const input = {
      email: 'not an address',
      name: 'a\u0000b',
      claims: { birthdate: '1815-13-40', zoneinfo: 'Mars/Olympus', is_admin: true, phone_number_verified: 'yes' },
    }
    const error = await refusal(accounts.create(input, SYSTEM))
    expect(error).toMatchObject({ code: 'account_invalid', status: 400 })
    expect(error.faults.map(({ field, given }) => [field, given])).toEqual([
      ['email', 'not an address'],
      ['name', 'a\u0000b'],
      ['birthdate', '1815-13-40'],
      ['zoneinfo', 'Mars/Olympus'],
      ['is_admin', true],
      ['phone_number_verified', 'yes'],
    ])
    expect(error.faults[0]?.expected).toBe('an e-mail address such as ada@example.com')
    expect(error.faults[4]?.expected).toContain('one of the claims given_name')
  })

  test.each([
    'ada@example.com\r\nBcc: eve@example.com',
    'ada@@example.com',
    'ada@example',
    'ada@.com',
    '.ada@example.com',
    'ada..b@example.com',
    'ada@exa mple.com',
    'аda@example.com',
    '"ada"@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    '',
    7,
    null,
  ])('refuses the e-mail address %j', async (email) => {
    const error = await refusal(accounts.create({ email: email as string }, SYSTEM))
    expect(error.faults).toEqual([
      { field: 'email', given: email, expected: 'an e-mail address such as ada@example.com' },
    ])
  })

  test.each(['a@b.co', "o'hara+tag@mail.example.co.uk", 'ada@xn--bcher-kva.example', 'ada@localhost'])(
    'takes the e-mail address %s',
    async (email) => {
      expect((await accounts.create({ email }, SYSTEM)).email).toBe(email)
    },
  )
})

describe('finding', () => {
  test('finds by e-mail address without case and without surrounding space', async () => {
    const { id: sub } = await accounts.create({ email: 'Mary@Example.org' }, SYSTEM)
    expect((await accounts.findByIdentifier(' mary@example.ORG '))?.id).toBe(sub)
  })

  test.each(['nobody@example.org', 'a\u0000b@example.org', '\ud800', '', "' OR 1=1 --"])(
    'finds nobody by %j',
    async (identifier) => {
      expect(await accounts.findByIdentifier(identifier)).toBeUndefined()
      expect(await accounts.read(identifier)).toBeUndefined()
    },
  )
})

describe('changing', () => {
  test('replaces the members given, keeps the others and grows the version', async () => {
    const before = await accounts.create(
      { email: 'change@example.com', name: 'Before', claims: { given_name: 'G', family_name: 'F' } },
      SYSTEM,
    )
    const after = await accounts.update(before.id, { name: null, claims: { given_name: null, locale: 'ko' } }, 1, BY)
    expect(after).toMatchObject({ name: undefined, version: 2 })
    expect(after.claims).toEqual({ family_name: 'F', locale: 'ko' })
    expect(await events(before.id)).toEqual([
      {
        type: 'account.updated',
        outcome: 'success',
        actor: 'cli-admin',
        detail: { changed: ['name', 'given_name', 'locale'], version: 2 },
      },
      { type: 'account.created', outcome: 'success', actor: undefined, detail: undefined },
    ])
  })

  test('takes a new e-mail address as not verified, and the same one in another case as before', async () => {
    const { id: sub } = await accounts.create({ email: 'v1@example.com', emailVerified: true }, SYSTEM)
    expect((await accounts.update(sub, { email: 'V1@example.com' }, undefined, SYSTEM)).emailVerified).toBe(true)
    expect((await accounts.update(sub, { email: 'v2@example.com' }, undefined, SYSTEM)).emailVerified).toBe(false)
  })

  test('an address that the database takes for the old one is a new one all the same', async () => {
    const before = await accounts.create({ email: 'mike@example.com' }, SYSTEM)
    const same = await accounts.update(before.id, { email: 'Mike@example.com' }, undefined, BY)
    expect(same).toMatchObject({ emailChangedAt: undefined, mailLinksVersion: before.mailLinksVersion })
    const after = await accounts.update(before.id, { email: 'mİke@example.com' }, undefined, BY)
    expect(after.mailLinksVersion).toBe(before.mailLinksVersion + 1)
    expect(after.emailChangedAt).toEqual(after.updatedAt)
  })

  test('refuses an e-mail address that another account has', async () => {
    await accounts.create({ email: 'taken@example.com' }, SYSTEM)
    const { id: sub } = await accounts.create({ email: 'other@example.com' }, SYSTEM)
    const error = await refusal(accounts.update(sub, { email: 'Taken@example.com' }, undefined, SYSTEM))
    expect(error).toMatchObject({ code: 'account_exists', status: 409 })
    expect((await accounts.read(sub))?.email).toBe('other@example.com')
  })

  test('refuses a change that was made for an older version', async () => {
    const { id: sub } = await accounts.create({ email: 'version@example.com' }, SYSTEM)
    await accounts.update(sub, { name: 'Second' }, 1, SYSTEM)
    const error = await refusal(accounts.update(sub, { name: 'Third' }, 1, SYSTEM))
    expect(error).toMatchObject({ code: 'version_mismatch', status: 412 })
    expect(error.message).toContain('made for version 1; it is now version 2')
    expect((await accounts.read(sub))?.name).toBe('Second')
  })

  test('loses no change of concurrent writers that expect no version', async () => {
    const { id: sub } = await accounts.create({ email: 'writers@example.com' }, SYSTEM)
    const claims = [{ given_name: 'A' }, { family_name: 'B' }, { nickname: 'C' }]
    await Promise.all(claims.map((claim) => accounts.update(sub, { claims: claim }, undefined, SYSTEM)))
    expect(await accounts.read(sub)).toMatchObject({
      claims: { given_name: 'A', family_name: 'B', nickname: 'C' },
      version: 4,
    })
  })

  test('lets one of ten concurrent writers of one version through', async () => {
    const { id: sub } = await accounts.create({ email: 'two@example.com' }, SYSTEM)
    const writes = Array.from({ length: 10 }, (_, n) => accounts.update(sub, { name: `Writer ${n}` }, 1, SYSTEM))
    const results = await Promise.allSettled(writes)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await accounts.read(sub))?.version).toBe(2)
  })

  test('disables and enables, once each, with an event', async () => {
    const { id: sub } = await accounts.create({ email: 'status@example.com' }, SYSTEM)
    expect(await accounts.setStatus(sub, 'disabled', 1, SYSTEM)).toMatchObject({ status: 'disabled', version: 2 })
    expect(await accounts.setStatus(sub, 'disabled', undefined, SYSTEM)).toMatchObject({ version: 2 })
    expect(await accounts.setStatus(sub, 'enabled', undefined, SYSTEM)).toMatchObject({ status: 'enabled' })
    const types = (await events(sub)).map(({ type }) => type)
    expect(types).toEqual(['account.enabled', 'account.disabled', 'account.created'])
  })

  test('removes an account, and then knows it no more', async () => {
    const { id: sub } = await accounts.create({ email: 'gone@example.com' }, SYSTEM)
    expect(await refusal(accounts.remove(sub, 2, SYSTEM))).toMatchObject({ code: 'version_mismatch' })
    await accounts.remove(sub, 1, SYSTEM)
    expect(await accounts.read(sub)).toBeUndefined()
    expect((await events(sub))[0]?.type).toBe('account.deleted')
    for (const change of [
      () => accounts.remove(sub, undefined, SYSTEM),
      () => accounts.update(sub, {}, undefined, SYSTEM),
      () => accounts.setStatus(sub, 'disabled', undefined, SYSTEM),
    ]) {
      const error = await refusal(change())
      expect(error).toMatchObject({ code: 'account_not_found', status: 404 })
      expect(error.message).toBe(`There is no account "${sub}".`)
    }
  })
})

describe('listing', () => {
  test('gives every account once over all pages, oldest first', async () => {
    const own = await openRooms((await cloneDatabase()).url)
    // one statement: the rows share their time, so that the order hangs on the second part of the key
    await own.db.query(
      `INSERT INTO accounts (sub, email) SELECT 'acc-' || n, n || '@example.com' FROM generate_series(1, 25) n`,
    )
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: { items: { id: string }[]; nextCursor: string | null } = await own.accounts.list({
        limit: 10,
        ...(cursor !== null && { cursor }),
      })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toHaveLength(25)
    expect(new Set(seen).size).toBe(25)
  })

  test.each(['!', 'AAAA', Buffer.from('["2026-01-01"]').toString('base64url'), 'x'.repeat(5000), ''])(
    'refuses the cursor %j',
    async (cursor) => {
      const error = await refusal(accounts.list({ limit: 1, cursor }))
      expect(error).toMatchObject({ code: 'invalid_cursor', status: 400 })
      expect(error.faults[0]).toMatchObject({ field: 'cursor', expected: 'the next_cursor of the page before' })
    },
  )
})

describe('the end of an account', () => {
  const told: string[] = []
  let refusal: Error | undefined
  const subscribed = createAccounts({
    db: rooms.db,
    audit,
    clock: systemClock,
    onEnd: [
      async (_trx, { accountId: sub, reason }) => void told.push(`${sub} ${reason}`),
      async () => {
        if (refusal) throw refusal
      },
    ],
  })

  test('notifies each subscriber once, with its reason', async () => {
    const { id: sub } = await subscribed.create({ email: 'ending@example.com' }, SYSTEM)
    await subscribed.setStatus(sub, 'disabled', undefined, SYSTEM)
    await subscribed.setStatus(sub, 'disabled', undefined, SYSTEM)
    await subscribed.setStatus(sub, 'enabled', undefined, SYSTEM)
    await subscribed.remove(sub, undefined, SYSTEM)
    expect(told).toEqual([`${sub} disabled`, `${sub} deleted`])
  })

  test('does not happen when a subscriber throws', async () => {
    const { id: sub } = await subscribed.create({ email: 'staying@example.com' }, SYSTEM)
    refusal = new Error('the subscriber cannot be told')
    await expect(subscribed.setStatus(sub, 'disabled', undefined, SYSTEM)).rejects.toBe(refusal)
    await expect(subscribed.remove(sub, undefined, SYSTEM)).rejects.toBe(refusal)
    expect(await subscribed.read(sub)).toMatchObject({ status: 'enabled', version: 1 })
    expect((await events(sub)).map(({ type }) => type)).toEqual(['account.created'])
  })
})
