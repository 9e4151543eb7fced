/** Pushed requests (RFC 9126), for every profile: good for one answer, also once their row is gone. */
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServers } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let nodes: readonly [Server, Server]
let admin: Administrator
let app: App
let clientId: string

beforeAll(async () => {
  nodes = (await startServers(2)) as [Server, Server]
  admin = await administrator(nodes[0])
  const client = await admin.client('web', { redirect_uris: [CALLBACK] })
  clientId = client.id
  app = createApp(nodes[0], client, CALLBACK)
  await admin.account(ada.email, ada.password)
})

test('of two sign-ins that began with one pushed request, one gets a code, however late they end', async () => {
  const { body } = await app.push(app.begin().params)
  const query = new URLSearchParams({ client_id: clientId, request_uri: body['request_uri'] as string })
  const people = nodes.map((node) => person(() => node))
  const pages: Visit[] = []
  for (const browser of people) pages.push(await browser.visit(`/authorize?${query.toString()}`))
  await asSuperuser(
    (client) => client.query("DELETE FROM artefacts WHERE kind = 'PushedAuthorizationRequest'"),
    nodes[0].databaseUrl,
  )
  const late = await person(() => nodes[0]).visit(`/authorize?${query.toString()}`)
  expect(late.html).toContain('request_uri is invalid, expired, or was already used')
  const answers = await Promise.all(
    people.map(async (browser, at) => {
      let visit = await browser.submit(pages[at] as Visit, { identifier: ada.email, password: ada.password })
      // the consent of one may be remembered for the other
      if (!visit.left) visit = await browser.submit(visit, {}, { name: 'decision', value: 'allow' })
      return answerOf(visit.left as URL)
    }),
  )
  expect(answers.filter((answer) => 'code' in answer)).toHaveLength(1)
  expect(JSON.stringify(answers)).toContain('request_uri is invalid, expired, or was already used')
})

test.each(['web', 'spa', 'native', 'fapi2'] as const)('a %s client may push its requests', async (profile) => {
  const client = await admin.client(profile, { redirect_uris: ['https://app.example.com/cb'] })
  const own = createApp(nodes[0], client, 'https://app.example.com/cb', profile === 'spa' || profile === 'native')
  const { body, status } = await own.push(own.begin().params)
  expect({ status, body }).toMatchObject({ status: 201, body: { expires_in: 60 } })
  const query = new URLSearchParams({ client_id: client.id, request_uri: body['request_uri'] as string })
  const answer = answerOf(
    await person(() => nodes[1]).authorize(`${nodes[0].issuer}/authorize?${query.toString()}`, ada),
  )
  expect(answer).toHaveProperty('code')
})

test('a client that is registered to push its requests may send none otherwise', async () => {
  const client = await admin.client('spa', { redirect_uris: [CALLBACK], require_pushed_authorization_requests: true })
  const own = createApp(nodes[0], client, CALLBACK, true)
  const { left, headers } = await person(() => nodes[0]).visit(own.begin().url)
  expect(answerOf(left as URL)).toMatchObject({
    error: 'invalid_request',
    error_description: 'Pushed Authorization Request must be used',
  })
  expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({ client_id: client.id })
  expect((await own.push(own.begin().params)).status).toBe(201)
})
