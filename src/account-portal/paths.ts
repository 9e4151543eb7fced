/** Builds the room's paths, and the redirect to a sign-in that returns to one of them. */
import { createHash, randomBytes } from 'node:crypto'
import type { Context } from 'koa'
import { ACCOUNT_CLIENT_ID, ACCOUNT_SIGNED_IN_PATH } from '#oidc/engine/account-client.ts'
import { ROUTES } from '#oidc/engine/routes.ts'
import type { Acr } from '#resource-server/acr.ts'
import { type Place, SECTION_NAMES, type SectionName } from './visit.ts'

export const SIGNED_IN_PATH = ACCOUNT_SIGNED_IN_PATH
const ROOT = '/account'
/** The page of one sign-in request. */
const ITEM = /^\/account\/requests\/([\w-]{1,64})(?:\/confirm)?$/

export interface Paths {
  /** Returns the path with the issuer's path, for forms and links. */
  section(place: Place): string
  home: string
  signOut: string
  confirm(name: SectionName): string
  /** Does the same, for a person who cannot use their passkey. */
  confirmWithoutPasskey(name: SectionName): string
  passkeyOptions: string
  /** Redirects (303) to a path. */
  lead(ctx: Context, path: string): void
  /** Redirects (303) to the sign-in, which returns to the section. */
  signIn(ctx: Context, back: Place): void
  /** Does the same for a person who is signed in: they sign in again, up to the class `acr` if given. */
  signInAgain(ctx: Context, back: SectionName, acr: Acr | undefined): void
  /** Does the same, but asks only for what is missing: a class of `acrValues`, or a sign-in within `maxAge` seconds. */
  stepUp(ctx: Context, back: Place, wishes: { acrValues: readonly string[]; maxAge: number | undefined }): void
}

/** Returns the path for the router, without the issuer's path. */
export function routeOf(place: Place): string {
  return place === 'overview' ? ROOT : `${ROOT}/${place}`
}

/** Returns the place of a path from a request. Undefined for any other value, so that it cannot redirect away. */
export function placeAt(path: unknown): Place | undefined {
  const item = ITEM.exec(String(path))?.[1]
  return item === undefined ? SECTION_NAMES.find((name) => routeOf(name) === path) : `requests/${item}`
}

/** Creates the paths. They start with the issuer's path, which is never taken from the request. */
export function createPaths(issuer: string): Paths {
  const root = issuer.replace(/\/$/, '')
  const base = new URL(issuer).pathname.replace(/\/$/, '')

  function lead(ctx: Context, path: string): void {
    ctx.redirect(path)
    // RFC 9700 §4.12: 303, so that the browser does not submit the form again
    ctx.status = 303
    ctx.set('Cache-Control', 'no-store')
  }

  return {
    section: (place) => base + routeOf(place),
    home: `${base}/`,
    signOut: base + ROUTES.end_session,
    confirmWithoutPasskey: (name) => `${base}${ROOT}/confirm?to=${name}&without=passkey`,
    confirm: (name) => `${base}${ROOT}/confirm?to=${name}`,
    passkeyOptions: `${base}${routeOf('passkeys')}/options`,
    lead,
    signIn: (ctx, back) => begin(ctx, back, {}),
    signInAgain: (ctx, back, acr) =>
      begin(ctx, back, { prompt: 'login', ...(acr === undefined ? {} : { acr_values: acr }) }),
    stepUp: (ctx, back, { acrValues, maxAge }) =>
      begin(ctx, back, {
        ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
        ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
      }),
  }

  function begin(ctx: Context, back: Place, wishes: Readonly<Record<string, string>>): void {
    const request = new URLSearchParams({
      client_id: ACCOUNT_CLIENT_ID,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: root + ACCOUNT_SIGNED_IN_PATH,
      state: routeOf(back),
      // the code is never redeemed, so the verifier of this challenge is not kept
      code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
      code_challenge_method: 'S256',
      ...wishes,
    })
    lead(ctx, `${base}${ROUTES.authorization}?${request.toString()}`)
  }
}
