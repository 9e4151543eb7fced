/** The flows of apps that have no browser of their own: devices, and backchannel requests. */
import { randomBytes } from 'node:crypto'
import { answerAtOwnPage, createCibaClient, POLLING_CLIENT } from './ciba.ts'
import { connect, createDevice, enterCode } from './device.ts'
import { ALLOWED, type Flow, FLOW_API, SCOPE } from './flow.ts'
import { atOwnPage } from './own-page.ts'
import { person } from './person.ts'
import { pingApp } from './ping-app.ts'

export const FLOWS_WITHOUT_BROWSER: readonly Flow[] = [
  {
    name: 'devices: one that its person connects by a link, one that they refuse, one that nobody answers',
    async run({ server, admin, person: somebody }) {
      const device = createDevice(server, await admin.client('device', { signet_allow: ALLOWED.signet_allow }))
      const who = await somebody()
      const request = { scope: SCOPE, resource: FLOW_API, login_hint: who.email }
      const browser = person(() => server)
      const wanted = await device.begin(request)
      await browser.visit(wanted.verification_uri_complete)
      await connect(browser, wanted.user_code, who)
      const { body } = await device.poll(wanted)
      await device.refresh(body['refresh_token'] as string)
      const refused = await device.begin(request)
      const page = await enterCode(browser, refused.user_code)
      await browser.submit(page, {}, { name: 'decision', value: 'deny' })
      await device.poll(refused)
      await device.poll(await device.begin(request))
    },
  },
  {
    name: 'requests without a browser: one that its person approves, one that they refuse, one that nobody answers',
    async run({ server, admin, person: somebody }) {
      const app = await pingApp()
      const till = createCibaClient(
        server,
        await admin.client('web', {
          ...POLLING_CLIENT,
          signet_allow: ALLOWED.signet_allow,
          backchannel_token_delivery_mode: 'ping',
          backchannel_client_notification_endpoint: app.url,
          backchannel_user_code_parameter: true,
        }),
      )
      const who = await somebody()
      const code = randomBytes(8).toString('hex')
      const request = () => ({
        scope: SCOPE,
        resource: FLOW_API,
        login_hint: who.email,
        user_code: code,
        client_notification_token: randomBytes(16).toString('base64url'),
      })
      const own = await atOwnPage({ first: server }, { who })
      await own.send('/requests', 'value="set"', { code })
      const wanted = await till.begin(request())
      await answerAtOwnPage(own, 'allow')
      const { body } = await till.poll(wanted)
      await till.refresh(body['refresh_token'] as string)
      const refused = await till.begin(request())
      await answerAtOwnPage(own, 'deny')
      await till.poll(refused)
      await till.poll(await till.begin(request()))
    },
  },
]
