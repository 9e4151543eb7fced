/** An administrator changes the address of an account: by a right of its own, and told to the old address. */
import type { Knex } from 'knex'
import { expect, test } from 'vitest'
import { adminResourceOf } from '#admin/scopes.ts'
import { SYSTEM } from '#audit/audit.ts'
import { openMail } from '#mail/sealed-mail.ts'
import { down, up } from '../../migrations/20261201061519-accounts-add-email-changed-at.ts'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
const SCOPE = 'accounts:email:write'
let made = 0

async function anAccount(members: Record<string, unknown> = {}) {
  const email = `Person-${(made += 1)}@example.com`
  const { body } = await app.call('POST', '/accounts', { body: { email, ...members } })
  return { email, path: `/accounts/${body.sub}` }
}

async function mailsTo(address: string) {
  const { rows } = await app.db.query<{ payload: unknown }>('SELECT payload FROM graphile_worker._private_jobs')
  return rows.flatMap(({ payload }) => openMail(app.keyring, payload) ?? []).filter(({ to }) => to === address)
}

test('to change an address, the token needs accounts:email:write; without it everything else may change', async () => {
  const { email, path } = await anAccount()
  const token = await app.token({ scope: 'accounts:read accounts:write' })
  const refused = await app.call('PATCH', path, { token, body: { email: 'other@example.com', name: 'Ada' } })
  expect(refused).toMatchObject({
    status: 403,
    body: {
      code: 'insufficient_scope',
      detail: 'To change an e-mail address, the token needs the scope accounts:email:write.',
    },
  })
  expect(refused.headers.get('www-authenticate')).toBe(`Bearer error="insufficient_scope", scope="${SCOPE}"`)
  expect(await app.refusal()).toMatchObject({ reason: 'insufficient_scope', detail: { said: refused.body.detail } })
  const same = await app.call('PATCH', path, { token, body: { email, name: 'Ada' } })
  expect(same).toMatchObject({ status: 200, body: { email, name: 'Ada' } })
  const changed = await app.call('PATCH', path, { body: { email: 'other@example.com' } })
  expect(changed).toMatchObject({ status: 200, body: { email: 'other@example.com', email_verified: false } })
})

test('the old address is told of the change, in the language of the account and without the place of the administrator', async () => {
  const { email, path } = await anAccount({ locale: 'ko' })
  await app.call('PATCH', path, { body: { email: email.toUpperCase() } })
  expect(await mailsTo(email)).toEqual([])
  await app.call('PATCH', path, { body: { email: 'moved@example.com' } })
  const [notice] = await mailsTo(email.toUpperCase())
  expect(notice).toMatchObject({ template: 'factor_changed', language: 'ko', data: { change: 'email_changed' } })
  expect(notice?.data).not.toHaveProperty('address')
})

test('a reset has to wait a day after the change, or as long as the setting says', async () => {
  const { path } = await anAccount({ password: 'correct horse battery' })
  const { body } = await app.call('PATCH', path, { body: { email: 'waiting@example.com' } })
  const from = new Date(Date.parse(body.updated_at) + 86_400_000).toISOString()
  expect(await app.call('POST', `${path}/reset-password`)).toMatchObject({
    status: 409,
    body: {
      code: 'reset_delayed',
      detail: `The address of this account was changed by an administrator, so a password reset has to wait until ${from} (setting passwords.reset_after_email_change_seconds).`,
    },
  })
  expect(await app.refusal()).toMatchObject({ reason: 'reset_delayed' })
  expect(await mailsTo('waiting@example.com')).toEqual([])
  await app.settings.change({ passwords: { reset_after_email_change_seconds: 0 } }, undefined, SYSTEM)
  expect((await app.call('POST', `${path}/reset-password`)).status).toBe(204)
  expect(await mailsTo('waiting@example.com')).toMatchObject([{ template: 'reset_password' }])
})

test('the release that introduces the right grants it to clients that could see and change accounts', async () => {
  const resource = adminResourceOf(app.issuer)
  const machine = async (scopes: readonly string[]) => {
    const metadata = { token_endpoint_auth_method: 'client_secret_basic' }
    const input = { origin: 'administrator', profile: 'machine', metadata, allowances: [{ resource, scopes }] } as const
    const { client } = await app.clients.create(input, SYSTEM)
    return async () => (await app.clients.read(client.id))?.allowances[0]?.scopes
  }
  const [whole, part] = [await machine(['accounts:read', 'accounts:write']), await machine(['accounts:write'])]
  const knex = { raw: (text: string) => app.db.query(text) } as unknown as Knex
  await down(knex)
  await up(knex)
  expect(await whole()).toEqual(['accounts:read', 'accounts:write', SCOPE])
  expect(await part()).toEqual(['accounts:write'])
})
