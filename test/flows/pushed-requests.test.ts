/** A pushed request is good for one answer, also once its row is gone. */
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
