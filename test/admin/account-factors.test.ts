/** `/accounts/{sub}/unlock-factors`: support unlocks second factors that wrong codes have locked. */
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()

test('locked second factors are unlocked, with an event that names the administrator', async () => {
  const { body } = await app.call('POST', '/accounts', { body: { email: 'ada@example.com' } })
  await app.db.query(`INSERT INTO factor_failures VALUES ($1, 'totp', 100)`, [body.sub])
  const answer = await app.call('POST', `/accounts/${body.sub}/unlock-factors`)
  expect([answer.status, answer.body]).toEqual([204, undefined])
  expect((await app.db.query('SELECT FROM factor_failures')).rowCount).toBe(0)
  const [event] = await app.events('factor.unlocked')
  expect(event).toMatchObject({ actor: { kind: 'client', id: app.caller.id }, accountId: body.sub, outcome: 'success' })
})

test('an account that is not there has none', async () => {
  expect(await app.call('POST', '/accounts/acc-nobody/unlock-factors')).toMatchObject({
    status: 404,
    body: { code: 'account_not_found', detail: 'There is no account "acc-nobody".' },
  })
  expect(await app.refusal()).toMatchObject({ reason: 'account_not_found' })
})
