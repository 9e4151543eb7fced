/** `/accounts/{sub}/invite` and `…/reset-password`: an administrator starts, the person chooses (ASVS 6.4.6). */
import { expect, test } from 'vitest'
import { SYSTEM } from '../../src/audit/audit.ts'
import { openMail, type WaitingMail } from '../../src/mail/sealed-mail.ts'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
let made = 0

async function anAccount(members: Record<string, unknown> = {}): Promise<{ sub: string; email: string; path: string }> {
  const email = `person-${(made += 1)}@example.com`
  const { body } = await app.call('POST', '/accounts', { body: { email, ...members } })
  return { sub: body.sub, email, path: `/accounts/${body.sub}` }
}

async function mailsTo(address: string): Promise<WaitingMail[]> {
  const { rows } = await app.db.query<{ payload: unknown }>(
    'SELECT payload FROM graphile_worker._private_jobs ORDER BY id',
  )
  return rows.flatMap(({ payload }) => openMail(app.keyring, payload) ?? []).filter(({ to }) => to === address)
}

const setMode = (mode: string) => app.settings.change({ registration: { mode } }, undefined, SYSTEM)

test('ASVS 6.4.6: a reset sends the link to the owner, and neither shows nor sets a password', async () => {
  const { email, path, sub } = await anAccount({ password: 'correct horse battery', locale: 'ko' })
  const answer = await app.call('POST', `${path}/reset-password`)
  expect([answer.status, answer.body]).toEqual([204, undefined])
  const [mail] = await mailsTo(email)
  expect(mail).toMatchObject({ template: 'reset_password', language: 'ko', data: { minutes: 10 } })
  expect(mail?.data).not.toHaveProperty('code')
  expect((mail as { data: { path: string } }).data.path).toMatch(/^\/reset-password\?token=eml-[\w-]{43}$/)
  const same = { identifier: email, password: 'correct horse battery' }
  expect(await app.passwords.verify(same, SYSTEM)).toMatchObject({ account: { id: sub } })
  const [event] = await app.events('email_code.requested')
  expect(event).toMatchObject({ actor: { kind: 'client', id: app.caller.id }, accountId: sub, outcome: 'success' })
})

test('a reset of a disabled account is refused, and one of an account that is not there', async () => {
  const { path } = await anAccount({ password: 'correct horse battery' })
  await app.call('POST', `${path}/disable`)
  expect(await app.call('POST', `${path}/reset-password`)).toMatchObject({
    status: 409,
    body: { code: 'account_disabled', detail: 'The account is disabled; enable it first.' },
  })
  expect(await app.refusal()).toMatchObject({ reason: 'account_disabled' })
  for (const what of ['reset-password', 'invite']) {
    expect(await app.call('POST', `/accounts/acc-nobody/${what}`)).toMatchObject({
      status: 404,
      body: { code: 'account_not_found', detail: 'There is no account "acc-nobody".' },
    })
  }
})

test('the seventh reset within an hour has to wait: 429 with Retry-After', async () => {
  const { path } = await anAccount({ password: 'correct horse battery' })
  for (let mails = 0; mails < 6; mails++) expect((await app.call('POST', `${path}/reset-password`)).status).toBe(204)
  const answer = await app.call('POST', `${path}/reset-password`)
  expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_mails' } })
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3000)
  expect(await app.refusal()).toMatchObject({ reason: 'too_many_mails' })
})

test('an invitation is refused while registration is off, and where the account has a password or is disabled', async () => {
  await setMode('off')
  const { email, path } = await anAccount()
  expect(await app.call('POST', `${path}/invite`)).toMatchObject({
    status: 409,
    body: {
      code: 'registration_off',
      detail: 'Nobody can be invited: the setting registration.mode is off. Set it to invited or open.',
    },
  })
  expect(await app.refusal()).toMatchObject({ reason: 'registration_off' })
  await setMode('invited')
  expect((await app.call('POST', `${path}/invite`)).status).toBe(204)
  const used = await anAccount({ password: 'correct horse battery' })
  expect(await app.call('POST', `${used.path}/invite`)).toMatchObject({
    status: 409,
    body: {
      code: 'account_in_use',
      detail: 'The person can sign in to this account already; start a password reset instead.',
    },
  })
  await app.call('POST', `${path}/disable`)
  expect(await app.call('POST', `${path}/invite`)).toMatchObject({ status: 409, body: { code: 'account_disabled' } })
  expect(await mailsTo(email)).toHaveLength(1)
})

test('an account that is linked to a provider is in use, also while the provider is disabled', async () => {
  await setMode('invited')
  const { email, path, sub } = await anAccount()
  expect((await app.call('POST', `${path}/invite`)).status).toBe(204)
  const [mail] = await mailsTo(email)
  const token = new URLSearchParams((mail as { data: { path: string } }).data.path.split('?')[1]).get('token') as string
  const upstream = { id: 'acme', name: 'Acme', issuer: 'https://acme.example', client_id: 'us', enabled: false }
  expect((await app.call('POST', '/upstreams', { body: upstream })).status).toBe(201)
  await app.db.query(`INSERT INTO upstream_links (upstream, subject, account_sub) VALUES ('acme', 'there', $1)`, [sub])
  expect(await app.call('POST', `${path}/invite`)).toMatchObject({ status: 409, body: { code: 'account_in_use' } })
  expect(await app.refusal()).toMatchObject({ reason: 'account_in_use' })
  expect(await app.invitations.find(token)).toBeUndefined()
  expect(await app.invitations.accept(token, { name: 'Eve', password: 'seven purple lanterns' }, SYSTEM)).toBe(
    undefined,
  )
})

test('an invitation is a link of 256 bits for seven days; the one before it is worth nothing any more', async () => {
  await setMode('invited')
  const { email, path, sub } = await anAccount({ name: 'Ada' })
  await app.call('POST', `${path}/invite`)
  await app.call('POST', `${path}/invite`)
  const tokens = (await mailsTo(email)).map(({ data }) =>
    new URLSearchParams((data as { path: string }).path.split('?')[1]).get('token'),
  ) as [string, string]
  for (const token of tokens) expect(token).toMatch(/^inv-[\w-]{43}$/)
  expect(await app.invitations.find(tokens[0])).toBeUndefined()
  expect(await app.invitations.find(tokens[1])).toMatchObject({ id: sub })
  const { rows } = await app.db.query<{ days: number; table: string }>(
    `SELECT round(extract(epoch FROM expires_at - now()) / 86400)::int AS days, invitations::text AS table FROM invitations
     WHERE account_sub = $1`,
    [sub],
  )
  expect(rows[0]?.days).toBe(7)
  expect(rows[0]?.table).not.toContain(tokens[1])
  const [event] = await app.events('invitation.sent')
  expect(event).toMatchObject({ actor: { kind: 'client', id: app.caller.id }, accountId: sub, outcome: 'success' })
  await app.db.query("UPDATE invitations SET expires_at = now() - interval '1 second' WHERE account_sub = $1", [sub])
  expect(await app.invitations.find(tokens[1])).toBeUndefined()
  expect(await app.invitations.accept(tokens[1], { name: 'Eve', password: 'seven purple lanterns' }, SYSTEM)).toBe(
    undefined,
  )
  expect(await app.invitations.removeExpired()).toBe(1)
})
