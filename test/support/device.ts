/** A device without a browser (RFC 8628), and the person who connects it with theirs. */
import type { RegisteredClient } from './administrator.ts'
import { createApp, type TokenAnswer } from './app.ts'
import { type Person, textOf, type Visit } from './person.ts'
import { asSuperuser } from './postgres.ts'
import type { Reachable } from './server.ts'

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

export interface DeviceAnswer {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

export interface Device {
  /** Sends a device authorization request for `openid`, or another scope, and returns every answer. */
  ask(params?: Record<string, string>, through?: Reachable): Promise<TokenAnswer>
  /** The same, and returns its codes. */
  begin(params?: Record<string, string>): Promise<DeviceAnswer>
  poll(code: Pick<DeviceAnswer, 'device_code'>, through?: Reachable): Promise<TokenAnswer>
  refresh(token: string, through?: Reachable): Promise<TokenAnswer>
}

/** A device with a public client, unless `isPublic` is false. */
export function createDevice(server: Reachable, client: RegisteredClient, isPublic = true): Device {
  const app = createApp(server, client, '', isPublic)
  const ask: Device['ask'] = (params = {}, through = server) =>
    app.call('/device/code', { scope: 'openid', ...params }, through)
  return {
    ask,
    async begin(params) {
      const { status, body } = await ask(params)
      if (status !== 200) throw new Error(`no device code: ${status} ${JSON.stringify(body)}`)
      return body as unknown as DeviceAnswer
    },
    poll: ({ device_code }, through = server) => app.token({ grant_type: DEVICE_GRANT, device_code }, through),
    refresh: (token, through) => app.refresh(token, {}, through),
  }
}

/** Types the code on the page for it, and returns the page that follows: the comparison, if the code is right. */
export async function enterCode(browser: Person, userCode: string, at = '/device'): Promise<Visit> {
  return browser.submit(await browser.visit(at), { user_code: userCode })
}

/** Answers the page that compares the code. */
export function answerCompare(browser: Person, page: Visit, value: 'allow' | 'deny' = 'allow'): Promise<Visit> {
  return browser.submit(page, {}, { name: 'decision', value })
}

/** Connects a device: code, comparison, sign-in and consent, as far as each is asked. Returns the last page. */
export async function connect(
  browser: Person,
  userCode: string,
  who: { email: string; password: string },
  at?: string,
): Promise<Visit> {
  let page = await answerCompare(browser, await enterCode(browser, userCode, at))
  if (/name="password"/.test(page.html))
    page = await browser.submit(page, { identifier: who.email, password: who.password })
  if (/name="decision"/.test(page.html)) page = await browser.submit(page, {}, { name: 'decision', value: 'allow' })
  if (!textOf(page.html).includes('Your device is connected'))
    throw new Error(`not connected: ${page.status} ${page.url} ${textOf(page.html)}`)
  return page
}

/** Lets the interval of the polls of a client pass, in the database, by whose clock polls are counted. */
export async function letIntervalPass(databaseUrl: string, clientId: string, seconds: number): Promise<void> {
  await asSuperuser(
    (db) =>
      db.query(
        `UPDATE artefacts SET next_poll_at = next_poll_at - make_interval(secs => $2)
         WHERE next_poll_at IS NOT NULL AND client_id = $1`,
        [clientId, seconds],
      ),
    databaseUrl,
  )
}
