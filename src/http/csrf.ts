/** CSRF protection: proves that a form comes from one of our pages in the same browser (RFC 9700 §4.7). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import { type Form, readForm } from './body.ts'
import { RequestError } from './errors.ts'

const BROWSER_ID_BYTES = 32
const BROWSER_ID = /^[A-Za-z0-9_-]{43}$/
const FIELD = 'csrf'
const FORGED =
  'This form is too old, or it was not made by a page of this site in this browser. Go back, load the page again and send it once more.'

export interface FormField {
  readonly name: string
  readonly value: string
}

export interface Csrf {
  /**
   * Returns the hidden field of a form and sets the cookie. `binding` names what the form belongs to: an interaction, a
   * session.
   */
  field(ctx: Context, binding: string): FormField
  /** Whether `given` was issued for this browser and binding, and the request comes from one of our pages. */
  accepts(ctx: Context, given: string | undefined, binding: string): boolean
  /**
   * Reads the form of the request. Undefined unless one of our pages made it, in this browser and for this binding.
   * Throws RequestError for a body that is not a form.
   */
  readForm(ctx: Context, binding: string): Promise<Form | undefined>
}

/** 403, for who has no page to show again. */
export function forgedForm(): RequestError {
  return new RequestError('forged_form', FORGED)
}

/**
 * Creates the guard. `keys` are newest first: the first signs, all verify. The cookie contains a random browser id, and
 * a token is a keyed digest of browser id and binding. So nothing is stored, and an attacker who plants a cookie has no
 * token for the binding.
 */
export function createCsrf({ keys, issuer }: { readonly keys: readonly Buffer[]; readonly issuer: string }): Csrf {
  const secure = issuer.startsWith('https:')
  const cookieName = secure ? '__Host-signet-form' : 'signet-form'

  function browserId(ctx: Context): string | undefined {
    const id = ctx.cookies.get(cookieName, { signed: false })
    return id !== undefined && BROWSER_ID.test(id) ? id : undefined
  }

  function newBrowserId(ctx: Context): string {
    const id = randomBytes(BROWSER_ID_BYTES).toString('base64url')
    ctx.cookies.set(cookieName, id, {
      httpOnly: true,
      overwrite: true,
      path: '/',
      sameSite: 'lax',
      secure,
      signed: false,
    })
    return id
  }

  function accepts(ctx: Context, given: string | undefined, binding: string): boolean {
    const id = browserId(ctx)
    // Sec-Fetch-Site can only get a request refused: a valid token is needed in any case.
    const site = ctx.get('sec-fetch-site')
    const crossSite = site !== '' && site !== 'same-origin' && site !== 'none'
    return !crossSite && id !== undefined && keys.some((key) => equal(mac(key, id, binding), given ?? ''))
  }

  return {
    field(ctx, binding) {
      const state = ctx.state as { formBrowserId?: string }
      // All forms of a page use the same browser id.
      const id = browserId(ctx) ?? state.formBrowserId ?? newBrowserId(ctx)
      state.formBrowserId = id
      return { name: FIELD, value: mac(signingKey(keys), id, binding) }
    },

    accepts,
    async readForm(ctx, binding) {
      const form = await readForm(ctx)
      return accepts(ctx, form.one(FIELD), binding) ? form : undefined
    },
  }
}

function signingKey(keys: readonly Buffer[]): Buffer {
  const [key] = keys
  if (!key) throw new TypeError('form protection needs a key')
  return key
}

function mac(key: Buffer, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
}

function equal(expected: string, given: string): boolean {
  const left = Buffer.from(expected)
  const valid = Buffer.from(given)
  return left.length === valid.length && timingSafeEqual(left, valid)
}
