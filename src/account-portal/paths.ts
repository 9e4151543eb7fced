/** The addresses of the room, and the way to the sign-in that leads back to one of them. */
import { createHash, randomBytes } from 'node:crypto'
import type { Context } from 'koa'
import { ACCOUNT_CLIENT_ID, ACCOUNT_SIGNED_IN_PATH } from '#oidc/engine/account-client.ts'
import { ROUTES } from '#oidc/engine/routes.ts'
import { SECTION_NAMES, type SectionName } from './visit.ts'

/** Seconds for which a proof counts as fresh. */
export const FRESH_SECONDS = 300
export const SIGNED_IN_PATH = ACCOUNT_SIGNED_IN_PATH
const ROOT = '/account'

export interface Paths {
  /** Below the host, as forms and links have it. */
  section(name: SectionName): string
  home: string
  signOut: string
  confirm(name: SectionName): string
  passkeyOptions: string
  /** 303 to a page, or to one with what was done there. */
  lead(ctx: Context, path: string): void
  /** 303 to the sign-in, which comes back to the section; `fresh`: with a proof of now. */
  signIn(ctx: Context, back: SectionName, fresh?: boolean): void
}

/** As our router sees it: below the issuer's path. */
export function routeOf(name: SectionName): string {
  return name === 'overview' ? ROOT : `${ROOT}/${name}`
}

/** The section of a path that came back to us; undefined for everything else, so that nobody is led elsewhere. */
export function sectionAt(path: unknown): SectionName | undefined {
  return SECTION_NAMES.find((name) => routeOf(name) === path)
}

/** The addresses under the issuer's path, which is never taken from the request. */
export function createPaths(issuer: string): Paths {
  const root = issuer.replace(/\/$/, '')
  const base = new URL(issuer).pathname.replace(/\/$/, '')

  function lead(ctx: Context, path: string): void {
    ctx.redirect(path)
    // RFC 9700 §4.12: 303, so that a form is not sent a second time
    ctx.status = 303
    ctx.set('Cache-Control', 'no-store')
  }

  return {
    section: (name) => base + routeOf(name),
    home: `${base}/`,
    signOut: base + ROUTES.end_session,
    confirm: (name) => `${base}${ROOT}/confirm?to=${name}`,
    passkeyOptions: `${base}${routeOf('passkeys')}/options`,
    lead,
    signIn(ctx, back, fresh = false) {
      const request = new URLSearchParams({
        client_id: ACCOUNT_CLIENT_ID,
        response_type: 'code',
        scope: 'openid',
        redirect_uri: root + ACCOUNT_SIGNED_IN_PATH,
        state: routeOf(back),
        // nobody redeems the code: a challenge whose verifier nobody knows makes sure of it
        code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
        code_challenge_method: 'S256',
        ...(fresh ? { max_age: String(FRESH_SECONDS) } : {}),
      })
      lead(ctx, `${base}${ROUTES.authorization}?${request.toString()}`)
    },
  }
}
