/** Collects all secrets that are sent between a browser or app and the server. */
import { Secret as TotpSecret } from 'otpauth'
import type { Server } from './server.ts'

export interface Secret {
  readonly kind: string
  readonly value: string
}

/** Parameters, members and cookies whose values give access. Names of people and things, `state` and `nonce` do not. */
const SECRET_NAMES =
  /^(access_token|id_token|refresh_token|client_secret|client_assertion|code|code_verifier|password|request_uri|token|id_token_hint|xsrf|csrf|challenge|signature|ticket|current|next|registration_access_token|device_code|user_code|auth_req_id|client_notification_token)$/

/** Returns the server with a `fetch` that records secrets in requests and answers. */
export function recording(server: Server): { server: Server; secrets: Map<string, Secret> } {
  const secrets = new Map<string, Secret>()
  const note = (kind: string, value: string | null | undefined) => {
    // a shorter value could occur anywhere by chance, but for the eight capitals of a user code
    if (value && (value.length >= 12 || kind === 'user_code')) secrets.set(value, { kind, value })
    if (value && kind === 'user_code') secrets.set(value.replace('-', ''), { kind, value: value.replace('-', '') })
  }
  const noteParams = (params: Iterable<[string, string]>) => {
    for (const [name, value] of params) {
      // a passkey's answer is JSON in a form; its signature is what gives access
      if (name === 'credential' && value !== '')
        noteParams(Object.entries((JSON.parse(value) as { response: object }).response))
      if (!SECRET_NAMES.test(name)) continue
      note(name, value)
      if (name === 'request_uri') note('pushed request', value.split(':').at(-1))
    }
  }
  const noteJson = (text: string) => {
    if (text.startsWith('{'))
      noteParams(
        Object.entries(JSON.parse(text) as Record<string, string>).filter(([, value]) => typeof value === 'string'),
      )
  }
  const noteUrl = (url: string | null) => {
    if (url === null) return
    const { searchParams, pathname } = new URL(url, server.issuer)
    noteParams(searchParams)
    if (searchParams.get('redirect_uri')?.startsWith(`${server.issuer}/upstream/callback`) === true) {
      note('upstream state', searchParams.get('state'))
      note('upstream nonce', searchParams.get('nonce'))
    }
    note('interaction', /^\/(?:interaction|authorize|device)\/([\w-]{20,})/.exec(pathname)?.[1])
  }

  async function fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    noteUrl(String(input))
    if (init.body instanceof URLSearchParams) noteParams(init.body)
    if (typeof init.body === 'string') noteJson(init.body)
    const [scheme, credentials] = new Headers(init.headers).get('authorization')?.split(' ') ?? []
    note('authorization', credentials)
    if (scheme === 'Basic')
      note(
        'client_secret',
        Buffer.from(credentials as string, 'base64')
          .toString()
          .split(':')[1],
      )
    const response = await server.fetch(input, init)
    noteUrl(response.headers.get('location'))
    for (const line of response.headers.getSetCookie()) note('cookie', line.slice(line.indexOf('=') + 1).split(';')[0])
    const text = await response.clone().text()
    if (response.headers.get('content-type')?.includes('json')) noteJson(text)
    for (const [input_] of text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input_)?.[1] ?? ''
      noteParams([[name, /value="([^"]*)"/.exec(input_)?.[1] ?? '']])
    }
    // what the account pages show once: the secret of an authenticator app, and recovery codes
    for (const [, secret = ''] of text.matchAll(/[?&;]secret=([A-Z2-7]{16,})/g)) {
      note('authenticator secret', secret)
      note('authenticator secret in bytes', Buffer.from(TotpSecret.fromBase32(secret).bytes).toString('hex'))
    }
    for (const [code] of text.matchAll(/\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}\b/g)) {
      note('recovery code', code)
      note('recovery code', code.replaceAll('-', ''))
    }
    for (const [, options] of text.matchAll(/data-options="([^"]*)"/g))
      noteJson(options?.replaceAll('&quot;', '"') ?? '')
    return response
  }

  const recorded = Object.create(server, { fetch: { value: fetch } }) as Server
  return { server: recorded, secrets }
}

/** Returns the encodings in which a secret could be stored. */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value)
  return [
    ...new Set([
      value,
      bytes.toString('hex'),
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
    ]),
  ]
}

/** Returns the kinds of the secrets that occur in a text, in order; one pass, however many there are. */
export function found(secrets: Iterable<Secret>, place: string, text: Buffer): string[] {
  const all = [...secrets]
  const needles = new Map<number, { of: Secret; form: Buffer }[]>()
  const starts = new Uint8Array(65_536)
  for (const of of all) {
    for (const form of formsOf(of.value).map((words) => Buffer.from(words))) {
      const start = form.readUInt32BE(0)
      starts[start >>> 16] = 1
      const same = needles.get(start)
      if (same) same.push({ of, form })
      else needles.set(start, [{ of, form }])
    }
  }
  const hits = new Set<Secret>()
  for (let at = 0; at + 4 <= text.length; at++) {
    if (starts[((text[at] as number) << 8) | (text[at + 1] as number)] === 0) continue
    for (const { of, form } of needles.get(text.readUInt32BE(at)) ?? []) {
      if (text.subarray(at, at + form.length).equals(form)) hits.add(of)
    }
  }
  return all.filter((secret) => hits.has(secret)).map(({ kind }) => `${kind} in ${place}`)
}
