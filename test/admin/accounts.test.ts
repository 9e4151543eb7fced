/** `/accounts`. */
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '../../src/audit/audit.ts'
import { createSubjects } from '#clients/subjects.ts'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
let made = 0

async function anAccount(members: Record<string, unknown> = {}) {
  made += 1
  const body = { email: `person-${made}@example.com`, ...members }
  const answer = await app.call('POST', '/accounts', { body })
  expect(answer.status).toBe(201)
  return { ...answer.body, path: `/accounts/${answer.body.sub}`, etag: answer.headers.get('etag') as string }
}

const signIn = async (identifier: string, password: string) =>
  (await app.passwords.verify({ identifier, password }, SYSTEM))?.account

test('makes an account with its first password, with which the person can sign in', async () => {
  const body = { email: 'ada@example.com', name: 'Ada Lovelace', locale: 'en-GB', password: 'correct horse battery' }
  const answer = await app.call('POST', '/accounts', { body })
  expect(answer.status).toBe(201)
  expect(answer.body).toMatchObject({
    sub: expect.stringMatching(/^acc-/),
    email: 'ada@example.com',
    email_verified: false,
    name: 'Ada Lovelace',
    locale: 'en-GB',
    status: 'enabled',
  })
  expect(answer.body).not.toHaveProperty('password')
  expect(answer.headers.get('location')).toBe(`${app.issuer}/admin/v1/accounts/${answer.body.sub}`)
  expect(await signIn('ada@example.com', 'correct horse battery')).toMatchObject({ id: answer.body.sub })
  expect(await signIn('ada@example.com', 'another password')).toBeUndefined()
  expect((await app.call('GET', `/accounts/${answer.body.sub}`)).body).toEqual(answer.body)
  expect((await app.events('account.created'))[0]).toMatchObject({ accountId: answer.body.sub })
})

test('remembers that another password must be chosen', async () => {
  const { sub } = await anAccount({ password: 'a first password', must_change_password: true })
  const { rows } = await app.db.query('SELECT must_change FROM password_credentials WHERE account_sub = $1', [sub])
  expect(rows).toEqual([{ must_change: true }])
})

test('tells every faulty member at once and never repeats a password', async () => {
  const body = { email: 'nobody', password: 'short', locale: 'not a locale', birthdate: '1815-13-40', sub: 'acc-mine' }
  const answer = await app.call('POST', '/accounts', { body })
  expect(answer.status).toBe(400)
  const faults = new Map(answer.body.errors.map((fault: { field: string }) => [fault.field, fault]))
  expect([...faults.keys()].map(String).toSorted()).toEqual(['birthdate', 'email', 'locale', 'password', 'sub'])
  expect(faults.get('password')).toMatchObject({ expected: '8 to 256 characters' })
  expect(faults.get('sub')).toEqual({ field: 'sub', given: 'acc-mine', expected: 'nothing: the server chooses it' })
  expect(JSON.stringify(answer.body)).not.toContain('short')
  expect(await app.refusal()).toMatchObject({ reason: 'invalid_request' })
})

test('refuses must_change_password without a password, and a password that is no text', async () => {
  const alone = await app.call('POST', '/accounts', { body: { email: 'x@example.com', must_change_password: true } })
  expect(alone.body.errors).toEqual([
    { field: 'must_change_password', given: true, expected: 'a password beside it, or nothing' },
  ])
  const number = await app.call('POST', '/accounts', { body: { email: 'x@example.com', password: 1234567890 } })
  expect(number.status).toBe(400)
  expect(number.body.errors).toMatchObject([{ field: 'password', expected: 'a string' }])
  expect(JSON.stringify(number.body)).not.toContain('1234567890')
})

test('refuses an e-mail address that exists, in whatever case, and leaves no password behind', async () => {
  const { sub } = await anAccount({ email: 'grace@example.com', password: 'the first of two' })
  const answer = await app.call('POST', '/accounts', {
    body: { email: 'Grace@Example.com', password: 'the second of two' },
  })
  expect(answer.status).toBe(409)
  expect(answer.body).toMatchObject({
    code: 'account_exists',
    detail: 'An account with the e-mail address Grace@Example.com exists already.',
  })
  expect(await signIn('grace@example.com', 'the second of two')).toBeUndefined()
  expect(await signIn('grace@example.com', 'the first of two')).toMatchObject({ id: sub })
  expect(await app.refusal()).toMatchObject({ reason: 'account_exists', detail: { status: 409 } })
})

test('sets the password of no account that exists', async () => {
  const { path, email } = await anAccount({ password: 'what it was before' })
  const answer = await app.call('PATCH', path, { body: { password: 'what it should be', must_change_password: true } })
  expect(answer.status).toBe(400)
  const expected = 'nothing: the password of an account that exists is set by its owner alone'
  expect(answer.body.errors).toEqual([
    expect.objectContaining({ field: 'password', expected }),
    expect.objectContaining({ field: 'must_change_password', expected }),
  ])
  expect(JSON.stringify(answer.body)).not.toContain('what it should be')
  expect(await signIn(email, 'what it should be')).toBeUndefined()
  expect(await signIn(email, 'what it was before')).toBeDefined()
})

test('changes members, takes claims away with null, and keeps the rest', async () => {
  const { path } = await anAccount({ name: 'Ada', given_name: 'Ada', locale: 'en' })
  const answer = await app.call('PATCH', path, { body: { name: 'Ada King', locale: null, zoneinfo: 'Europe/London' } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('etag')).toBe('"2"')
  expect(answer.body).toMatchObject({ name: 'Ada King', given_name: 'Ada', zoneinfo: 'Europe/London' })
  expect(answer.body).not.toHaveProperty('locale')
})

test('takes back what it gave, and refuses to change sub or status by it', async () => {
  const { path, sub } = await anAccount({ locale: 'en' })
  const { body } = await app.call('GET', path)
  expect((await app.call('PATCH', path, { body })).status).toBe(200)
  const answer = await app.call('PATCH', path, { body: { ...body, sub: 'acc-x', status: 'disabled' } })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toEqual([
    { field: 'sub', given: 'acc-x', expected: `"${sub}": this member cannot be changed here` },
    { field: 'status', given: 'disabled', expected: '"enabled": this member cannot be changed here' },
  ])
})

test('refuses a change against an older version', async () => {
  const { path, etag } = await anAccount()
  const headers = { 'if-match': etag }
  expect((await app.call('PATCH', path, { body: { name: 'One' }, headers })).status).toBe(200)
  const answer = await app.call('PATCH', path, { body: { name: 'Two' }, headers })
  expect(answer).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
  expect((await app.call('POST', `${path}/disable`, { headers })).status).toBe(412)
})

test('disables an account, which then signs in nowhere, and enables it again', async () => {
  const { path, email, sub } = await anAccount({ password: 'a good enough one' })
  const disabled = await app.call('POST', `${path}/disable`)
  expect(disabled).toMatchObject({ status: 200, body: { sub, status: 'disabled' } })
  expect(await signIn(email, 'a good enough one')).toBeUndefined()
  expect(await app.call('POST', `${path}/enable`)).toMatchObject({ status: 200, body: { status: 'enabled' } })
  expect(await signIn(email, 'a good enough one')).toBeDefined()
  expect((await app.events('account.disabled'))[0]).toMatchObject({ subject: { kind: 'account', id: sub } })
})

test('finds an account by its e-mail address', async () => {
  const { sub } = await anAccount({ email: 'katherine@example.com' })
  const found = await app.call('GET', '/accounts?email=Katherine%40example.com')
  expect(found.body).toMatchObject({ items: [{ sub }], next_cursor: null })
  const nobody = await app.call('GET', '/accounts?email=nobody%40example.com')
  expect(nobody.body).toEqual({ items: [], next_cursor: null })
})

test('deletes an account, and then it is gone', async () => {
  const { path, sub } = await anAccount({ password: 'a good enough one' })
  expect((await app.call('DELETE', path)).status).toBe(204)
  for (const [method, at] of [
    ['GET', path],
    ['DELETE', path],
    ['POST', `${path}/enable`],
  ] as const) {
    const answer = await app.call(method, at)
    expect(answer).toMatchObject({
      status: 404,
      body: { code: 'account_not_found', detail: `There is no account "${sub}".` },
    })
  }
})

describe('a subject that a client knows', () => {
  const clientWith = (host: string, metadata: Record<string, unknown>) => {
    const input = { metadata: { redirect_uris: [`https://${host}/cb`], ...metadata } }
    return app.clients.create({ origin: 'administrator', profile: 'spa', ...input }, SYSTEM)
  }
  const find = (subject: string, clientId: string) =>
    app.call('GET', `/accounts?${new URLSearchParams({ subject, client_id: clientId }).toString()}`)

  test('finds the account, pairwise or not', async () => {
    const { sub } = await anAccount()
    const { client: shop } = await clientWith('shop.example.com', { subject_type: 'pairwise' })
    const { client: other } = await clientWith('other.example.com', { subject_type: 'pairwise' })
    const { client: open } = await clientWith('open.example.com', {})
    const pairwise = createSubjects(app.keyring).of(sub, shop)
    expect(pairwise).toMatch(/^pair-/)
    expect((await find(pairwise, shop.id)).body).toMatchObject({ items: [{ sub }], next_cursor: null })
    expect((await find(sub, open.id)).body).toMatchObject({ items: [{ sub }] })
    for (const [subject, id] of [
      [pairwise, other.id],
      [sub, shop.id],
      [pairwise, open.id],
      ['pair-', shop.id],
    ] as const) {
      expect((await find(subject, id)).body).toEqual({ items: [], next_cursor: null })
    }
  })

  test('needs a client that exists, by its id', async () => {
    const unknown = await find('pair-x', 'nobody')
    expect([unknown.status, unknown.body.code]).toEqual([404, 'client_not_found'])
    for (const query of ['subject=pair-x', 'client_id=nobody']) {
      const { status, body } = await app.call('GET', `/accounts?${query}`)
      expect(status).toBe(400)
      expect(body.errors).toEqual([
        {
          field: 'client_id',
          given: query.startsWith('client_id') ? 'nobody' : null,
          expected: 'subject and client_id together, or neither',
        },
      ])
    }
  })
})
