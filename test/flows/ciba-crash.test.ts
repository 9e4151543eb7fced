/** A client learns of the answer to its request although the node that tells it dies (CIBA Core 1.0 §10.2). */
import { expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { createCibaClient, peopleOf, POLLING_CLIENT } from '../support/ciba.ts'
import { eventually } from '../support/eventually.ts'
import { letLeasesEnd, untilDelivered } from '../support/logout-app.ts'
import { pingApp } from '../support/ping-app.ts'
import { startProcess } from '../support/server.ts'

test('a node that is killed during a notification leaves it to the next, and the tokens are there', async () => {
  const server = await startProcess()
  const admin = await administrator(server)
  const sub = await admin.account('ada@example.com', PASSWORD)
  const app = await pingApp()
  app.answer = () => new Promise<number>(() => undefined)
  const till = await admin.client('web', {
    ...POLLING_CLIENT,
    backchannel_token_delivery_mode: 'ping',
    backchannel_client_notification_endpoint: app.url,
  })
  const client = createCibaClient(server, till)
  const begun = await client.begin({ login_hint: sub, client_notification_token: 'the-same-each-time' })
  await (await peopleOf(server)).approve(sub)
  await eventually(() => app.pings.length > 0)
  await server.kill('SIGKILL')
  await letLeasesEnd(server)
  app.answer = () => 204
  await server.restart()
  await untilDelivered(server)
  expect(app.pings.map(({ headers, body }) => ({ authorization: headers.authorization, body }))).toEqual(
    Array.from({ length: 2 }, () => ({
      authorization: 'Bearer the-same-each-time',
      body: { auth_req_id: begun.auth_req_id },
    })),
  )
  const events = await (await administrator(server)).audit('ciba.notified')
  expect(events).toMatchObject([{ client_id: till.id, account_id: sub, detail: { attempts: 2 } }])
  expect((await client.poll(begun)).status).toBe(200)
})
