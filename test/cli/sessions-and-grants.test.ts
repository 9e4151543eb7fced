/** `signet accounts sessions` and `grants`: what a person has open, and how an administrator ends it. */
import { expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { startSignet } from './support/signet.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }

const signet = await startSignet()
const admin = await administrator(signet.server)
await admin.resource(API, ['posts:read', 'posts:write'])
const web = await admin.client('web', {
  client_name: 'Blog',
  redirect_uris: [CALLBACK],
  signet_allow: [{ resource: API, scopes: ['posts:read'] }],
})
const sub = await admin.account(ada.email, ada.password)
const app = createApp(signet.server, web, CALLBACK)

interface Session {
  id: string
  client_ids: string[]
}

const sessions = () => signet.json<Session[]>(['accounts', 'sessions', ada.email])
const grants = () => signet.json<Record<string, unknown>[]>(['accounts', 'grants', ada.email])
const refresh = async (token: string | undefined) => (await app.refresh(String(token))).status

test('says so where a person is signed in nowhere and allowed nothing', async () => {
  const nowhere = { code: 0, stdout: `${ada.email} is signed in nowhere.\n`, stderr: '' }
  expect(await signet.run(['accounts', 'sessions', ada.email])).toEqual(nowhere)
  expect((await signet.run(['accounts', 'grants', ada.email])).stdout).toBe(
    `${ada.email} allowed no client anything.\n`,
  )
})

test('takes an id for an id also where it starts with a dash, and an unknown option for what it is', async () => {
  const id = `-${'x'.repeat(42)}`
  const end = ['accounts', 'sessions', 'end', ada.email, '--yes']
  const unknown = { code: 1, stdout: '', stderr: `The account ${sub} has no session "${id}".\n` }
  expect(await signet.run([...end, id])).toEqual(unknown)
  expect(await signet.run([...end, id, '--yes'])).toEqual(unknown)
  expect(await signet.run([...end, id, '--no-such-option'])).toEqual({
    code: 2,
    stdout: '',
    stderr: "Unknown option '--no-such-option'. See --help.\n",
  })
})

test('ends one browser session for good and leaves the other', async () => {
  const [one, other] = [person(() => signet.server), person(() => signet.server)]
  await app.code(one, ada, { scope: 'openid posts:read', resource: API })
  const before = await sessions()
  await app.code(other, ada, { scope: 'openid posts:read', resource: API })
  const both = await sessions()
  expect(before).toMatchObject([{ client_ids: [web.id], client_names: { [web.id]: 'Blog' } }])
  const listed = await signet.run(['accounts', 'sessions', ada.email])
  expect(listed.stdout).toMatch(/^SESSION ID .* CLIENTS *\n.* Blog *\n/)
  expect(both).toHaveLength(2)

  const end = ['accounts', 'sessions', 'end', ada.email, String(before[0]?.id), '--yes']
  expect(await signet.run(end)).toEqual({
    code: 0,
    stdout: `Ended the session ${before[0]?.id} of ${ada.email}.\n`,
    stderr: '',
  })
  expect(await sessions()).toEqual(both.filter(({ id }) => id !== before[0]?.id))
  const asked = await one.visit(app.begin({ scope: 'openid' }).url)
  expect(asked.html).toContain('name="password"')
  const known = await other.visit(app.begin({ scope: 'openid' }).url)
  expect(known.left?.searchParams.get('code')).toEqual(expect.any(String))

  expect(await signet.run(end)).toEqual({
    code: 1,
    stdout: '',
    stderr: `The account ${sub} has no session "${before[0]?.id}".\n`,
  })
  expect((await admin.audit('session.ended'))[0]).toMatchObject({
    actor: { kind: 'client', id: 'signet-cli' },
    account_id: sub,
    subject: { kind: 'session', id: before[0]?.id },
    reason: 'ended by an administrator',
  })
})

test('ends the tokens of a session with it, but not those that outlive a logout', async () => {
  const spa = await admin.client('spa', {
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  const board = createApp(signet.server, spa, CALLBACK, true)
  const browser = person(() => signet.server)
  const known = (await sessions()).map(({ id }) => id)
  const scope = 'openid posts:read'
  const lasting = await app.redeem(await app.code(browser, ada, { scope: `${scope} offline_access`, resource: API }))
  const bound = await board.redeem(await board.code(browser, ada, { scope, resource: API }))
  const rotated = await board.refresh(String(bound.body['refresh_token']))
  expect([await refresh(lasting.body['refresh_token']), rotated.status]).toEqual([200, 200])

  const fresh = (await sessions()).find(({ id }) => !known.includes(id))
  expect(fresh?.client_ids.toSorted()).toEqual([web.id, spa.id].toSorted())
  await signet.json(['accounts', 'sessions', 'end', ada.email, String(fresh?.id), '--yes'])
  expect(await refresh(lasting.body['refresh_token'])).toBe(200)
  const after = await board.refresh(String(rotated.body['refresh_token']))
  expect(after).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  await signet.json(['accounts', 'grants', 'withdraw', ada.email, spa.id, '--yes'])
})

test('withdraws what a person allowed a client, with every token got by it', async () => {
  const browser = person(() => signet.server)
  const { body } = await app.redeem(
    await app.code(browser, ada, { scope: 'openid offline_access posts:read', resource: API }),
  )
  expect(await grants()).toMatchObject([
    {
      client_id: web.id,
      client_name: 'Blog',
      scope: expect.stringContaining('offline_access'),
      resources: [{ resource: API, scopes: ['posts:read'] }],
    },
  ])
  const listed = await signet.run(['accounts', 'grants', ada.email])
  expect(listed.stdout).toMatch(new RegExp(`^CLIENT +CLIENT ID .*\\n.*\\bBlog +${web.id} `))
  const withdraw = ['accounts', 'grants', 'withdraw', ada.email, web.id, '--yes']
  expect(await signet.run(withdraw)).toEqual({
    code: 0,
    stdout: `Withdrew what ${ada.email} allowed the client ${web.id}.\n`,
    stderr: '',
  })
  expect(await grants()).toEqual([])
  expect(await refresh(body['refresh_token'])).toBe(400)
  const asked = await browser.visit(app.begin({ scope: 'openid posts:read', resource: API }).url)
  expect(asked.html).toContain('name="decision"')
  expect(await signet.run(withdraw)).toEqual({
    code: 1,
    stdout: '',
    stderr: `The account ${sub} has no consent for the client "${web.id}".\n`,
  })
  expect((await admin.audit('consent.withdrawn'))[0]).toMatchObject({ account_id: sub, client_id: web.id })
})

test('tells that there is no such account', async () => {
  for (const list of ['sessions', 'grants']) {
    expect(await signet.run(['accounts', list, 'acc-nobody'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no account "acc-nobody".\n',
    })
  }
})
