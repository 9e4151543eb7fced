/** A person on their account pages of a running server, in their own browser. */
import { randomBytes } from 'node:crypto'
import { HOTP, Secret } from 'otpauth'
import { authenticator } from './authenticator.ts'
import type { PasskeyCreation } from '#sign-in/passkey/passkey.ts'
import { person, type Person, press, textOf, type Visit } from './person.ts'
import type { Server } from './server.ts'

export interface OwnPage {
  readonly browser: Person
  open(path: string): Promise<Visit>
  /** Sends the form that contains `marker`, on the page below `/account`. Throws when it is refused. */
  send(path: string, marker: string, fields?: Record<string, string>): Promise<Visit>
}

interface Who {
  readonly who: { readonly email: string; readonly password: string }
}

/** Opens the account pages and signs in if asked. `browser`: one that they already use. */
export async function atOwnPage(
  { first }: { first: Server },
  { who }: Who,
  browser = person(() => first),
): Promise<OwnPage> {
  const open = (path: string) => browser.visit(`${first.issuer}/account${path}`)
  const page = await open('')
  if (!page.url.endsWith('/account')) await browser.submit(page, { identifier: who.email, password: who.password })
  return {
    browser,
    open,
    async send(path, marker, fields = {}) {
      const answer = await press(browser, await open(path), marker, fields)
      if (answer.status >= 400) throw new Error(`refused: ${answer.status} ${textOf(answer.html)}`)
      return answer
    },
  }
}

export function newPassword({ who }: Who): Record<string, string> {
  const next = `plum orchid canyon ${randomBytes(9).toString('base64url')}`
  return { current: who.password, next, again: next }
}

/** Returns the current code of the app that the page sets up. */
export function codeOf({ html }: Visit): string {
  const secret = /[?&;]secret=([A-Z2-7]{16,})/.exec(html)?.[1] ?? ''
  return HOTP.generate({ secret: Secret.fromBase32(secret), counter: Math.floor(Date.now() / 30_000) })
}

/** Adds a passkey of a software authenticator, as the page's script does. */
export async function addPasskey({ first }: { first: Server }, page: OwnPage, name = 'Telephone'): Promise<Visit> {
  const { html } = await page.open('/passkeys')
  const found = /data-ceremony="create"\s+data-options="([^"]*)"/.exec(html)?.[1]
  if (found === undefined) throw new Error('the page makes no passkey')
  const options = JSON.parse(found.replaceAll('&quot;', '"')) as PasskeyCreation
  const { attestation } = authenticator(first.issuer).make(options)
  return page.send('/passkeys', 'value="add"', { credential: attestation, name })
}
