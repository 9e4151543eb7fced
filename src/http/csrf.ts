/** Proves that a form was made by a page of ours in the same browser (RFC 9700 §4.7). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import { RequestError } from './errors.ts'

const BROWSER_ID_BYTES = 32
const BROWSER_ID = /^[A-Za-z0-9_-]{43}$/
const FORGED =
  'This form is too old, or it was not made by a page of this site in this browser. Go back, load the page again and send it once more.'

export interface Csrf {
  /** The value for a hidden field. `binding` names what the form is about: an interaction, a session. Sets a cookie. */
  token(ctx: Context, binding: string): string
  /** Throws RequestError 403 `forged_form` unless `given` was made for this browser and binding. */
  check(ctx: Context, given: string | undefined, binding: string): void
}

/**
 * `keys`: newest first, the first signs and all verify. The cookie holds a random browser id; a token is a keyed digest
 * of browser id and binding, so nothing is stored, and who plants a cookie of his own has no token for the binding.
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

  return {
    token(ctx, binding) {
      const state = ctx.state as { formBrowserId?: string }
      // Two forms of one page belong to one browser id.
      const id = browserId(ctx) ?? state.formBrowserId ?? newBrowserId(ctx)
      state.formBrowserId = id
      return mac(firstOf(keys), id, binding)
    },

    check(ctx, given, binding) {
      const id = browserId(ctx)
      // Browsers that say where a request comes from are believed when they say: from elsewhere.
      const site = ctx.get('sec-fetch-site')
      const foreign = site !== '' && site !== 'same-origin' && site !== 'none'
      const right = id !== undefined && keys.some((key) => equal(mac(key, id, binding), given ?? ''))
      if (foreign || !right) throw new RequestError('forged_form', FORGED)
    },
  }
}

function firstOf(keys: readonly Buffer[]): Buffer {
  const [key] = keys
  if (!key) throw new TypeError('form protection needs a key')
  return key
}

function mac(key: Buffer, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
}

function equal(expected: string, given: string): boolean {
  const left = Buffer.from(expected)
  const right = Buffer.from(given)
  return left.length === right.length && timingSafeEqual(left, right)
}
