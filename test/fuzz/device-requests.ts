/** Right requests of devices, and of the people who connect them. */
import { cookieHeader } from '../support/person.ts'
import type { Draft, Pair } from './draft.ts'
import type { Random } from './random.ts'
import { API, type Maker, type Stage } from './stage.ts'

const pairs = (members: Readonly<Record<string, string>>): Pair[] => Object.entries(members)

/** A device authorization request, and polls for the codes that came of them. */
async function deviceCode(stage: Stage): Promise<Draft> {
  const { device } = await stage.cast()
  const params = { client_id: device.id, scope: 'openid posts:read', resource: API, max_age: '100', ui_locales: 'ko' }
  return {
    name: 'device code',
    method: 'POST',
    path: '/device/code',
    query: [],
    headers: [],
    form: pairs(params),
    keys: {},
  }
}

async function tokenOfDevice(stage: Stage): Promise<Draft> {
  const { device, deviceCode: code } = await stage.cast()
  const params = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: device.id, device_code: code }
  const name = 'token: device_code'
  return { name, method: 'POST', path: '/token', query: [], headers: [], form: pairs(params), keys: {} }
}

/** The page for the code of a device, and the comparison that follows it, filled in. */
async function devicePage(stage: Stage, random: Random): Promise<Draft> {
  const { userCode, browser } = await stage.cast()
  const first = await browser.visit('/device')
  const isTyped = random.chance(0.5)
  const shown = isTyped ? first : await browser.submit(first, { user_code: userCode })
  const csrf = /name="csrf"[^>]*value="([^"]*)"/.exec(shown.html)?.[1] ?? ''
  const form = pairs({ csrf, ...(isTyped ? { user_code: userCode } : { decision: 'later' }) })
  const headers: Pair[] = [
    ['Accept', 'text/html'],
    ['Cookie', cookieHeader(browser.cookies)],
  ]
  const path = new URL(shown.url).pathname + (isTyped ? '' : '/device')
  return { name: 'device page', method: 'POST', path, query: [], headers, form, keys: {} }
}

/** With how often each is made, against the others. */
export const DEVICE_REQUESTS: readonly (readonly [number, Maker])[] = [
  [3, deviceCode],
  [2, tokenOfDevice],
  [1, devicePage],
]
