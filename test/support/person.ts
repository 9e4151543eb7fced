/** A person with a browser that stores cookies, follows redirects to the issuer and submits the forms of its pages. */
import { createHash, randomBytes } from 'node:crypto'
import { parse } from 'node:querystring'
import type { Reachable } from './server.ts'

export interface Visit {
  readonly status: number
  readonly url: string
  readonly html: string
  /** The redirect target of the last answer, if it is outside the issuer. */
  readonly left: URL | undefined
  readonly headers: Headers
}

export interface SubmitOptions {
  /** Values of boxes to untick. */
  readonly unticked?: readonly string[]
  /** False returns the answer itself, without following redirects. */
  readonly follow?: boolean
}

export interface Person {
  readonly cookies: Map<string, string>
  visit(url: string): Promise<Visit>
  /**
   * Sends the first form of the page, or the one that holds `button`, with `fields` filled in, and the boxes that are
   * ticked.
   */
  submit(
    page: Visit,
    fields: Record<string, string>,
    button?: { name: string; value: string },
    how?: SubmitOptions,
  ): Promise<Visit>
  /** Goes from an authorization URL through sign-in and consent, if asked, back to the app. */
  authorize(url: string, who: { email: string; password: string }): Promise<URL>
  /** Opens a tab that sends the current cookies, even if the browser gets others meanwhile. */
  fork(planted?: Readonly<Record<string, string>>): Person
}

type Cookies = Map<string, { value: string; path: string }>

/** `through` returns the process that each request goes to; a path of another process of the same issuer is allowed. */
export function person(through: () => Reachable, cookies: Cookies = new Map()): Person {
  const issuer = () => through().issuer

  async function request(url: string, init: RequestInit = {}, follow = true): Promise<Visit> {
    const { pathname } = new URL(url)
    const sent = [...cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([key, { value }]) => `${nameOf(key)}=${value}`)
    const headers = new Headers(init.headers)
    headers.set('accept', 'text/html')
    if (sent.length > 0) headers.set('cookie', sent.join('; '))
    const response = await through().fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) keep(line)
    const html = await response.text()
    const location = response.headers.get('location')
    if (location === null) return { status: response.status, url, html, left: undefined, headers: response.headers }
    const next = new URL(location, url)
    if (!follow || !next.href.startsWith(issuer()))
      return { status: response.status, url, html, left: next, headers: response.headers }
    return request(next.href)
  }

  function keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/)
    const name = pair.slice(0, pair.indexOf('='))
    const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? '/'
    const gone = attributes.some((text) => /^expires=Thu, 01 Jan 1970/i.test(text))
    if (gone) cookies.delete(`${path} ${name}`)
    else cookies.set(`${path} ${name}`, { value: pair.slice(pair.indexOf('=') + 1), path })
  }

  const me: Person = {
    get cookies() {
      return new Map([...cookies].map(([key, { value }]) => [nameOf(key), value]))
    },
    fork: (planted = {}) =>
      person(
        through,
        new Map([
          ...cookies,
          ...Object.entries(planted).map(([name, value]) => [`/ ${name}`, { value, path: '/' }] as const),
        ]),
      ),
    visit: (url) => request(new URL(url, issuer()).href),
    async submit(page, fields, button, { unticked = [], follow = true } = {}) {
      const form = formOf(page.html, button)
      const sent = { ...form.fields, ...fields, ...(button ? { [button.name]: button.value } : {}) }
      const body = new URLSearchParams(sent)
      for (const [name, value] of form.ticked) if (!unticked.includes(value)) body.append(name, value)
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return request(new URL(form.action, page.url).href, { method: 'POST', headers, body }, follow)
    },
    async authorize(url, { email, password }) {
      let page = await me.visit(url)
      if (/name="password"/.test(page.html)) page = await me.submit(page, { identifier: email, password })
      if (/name="decision"/.test(page.html)) page = await me.submit(page, {}, { name: 'decision', value: 'allow' })
      if (!page.left) throw new Error(`the app was not reached: ${page.status} ${page.url} ${textOf(page.html)}`)
      return page.left
    },
  }
  return me
}

/** Returns the text of a page. */
export function textOf(html: string): string {
  return decode(html.replace(/<(style|script)[\s\S]*?<\/\1>/g, '').replace(/<[^>]+>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

/** Sends the form of the page that contains `marker`. */
export function press(
  browser: Person,
  page: Visit,
  marker: string,
  fields: Record<string, string> = {},
): Promise<Visit> {
  return browser.submit({ ...page, html: formWith(page, marker) }, fields)
}

/** Returns the form that contains `marker`. */
export function formWith({ html }: Visit, marker: string): string {
  const forms = [...html.matchAll(/<form[^>]*>[^]*?<\/form>/g)].map(([form]) => form)
  const form = forms.find((one) => one.includes(marker))
  if (form === undefined) throw new Error(`the page has no form with ${marker}: ${textOf(html)}`)
  return form
}

/** Returns the header that sends these cookies. */
export function cookieHeader(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** Returns a PKCE pair (RFC 7636). */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** Returns the parameters of an authorization response. */
export function answerOf(url: URL): Record<string, string | string[] | undefined> {
  return parse(url.search.slice(1))
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1)
}

function formOf(
  html: string,
  button?: { name: string; value: string },
): { action: string; fields: Record<string, string>; ticked: [name: string, value: string][] } {
  const forms = [...html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)]
  const form = button ? forms.find(([, , inner]) => inner?.includes(`name="${button.name}"`)) : forms[0]
  if (!form) throw new Error(`the page has no such form: ${textOf(html)}`)
  const fields: Record<string, string> = {}
  const ticked: [string, string][] = []
  for (const [input] of (form[2] ?? '').matchAll(/<input[^>]*>/g)) {
    const name = attribute(input, 'name')
    if (name === undefined || /type="submit"/.test(input)) continue
    const value = attribute(input, 'value') ?? ''
    if (!/type="checkbox"/.test(input)) fields[name] = value
    else if (/\schecked\b/.test(input)) ticked.push([name, value])
  }
  return { action: attribute(form[1] ?? '', 'action') ?? '', fields, ticked }
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
  return found === undefined ? undefined : decode(found)
}

function decode(text: string): string {
  return text
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
}
