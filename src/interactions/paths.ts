/** Builds the paths of an interaction, and the audit context of people who are not signed in. */
import type { Context } from 'koa'
import type { AuditContext } from '#audit/audit.ts'
import { requestOrigin } from '#http/origin.ts'
import { UPSTREAM_STEP } from '#federation/method.ts'

export interface InteractionPaths {
  question(uid: string): string
  /** Returns the path of a step, given its last part. */
  form(uid: string, step: string): string
  /** Returns the path that redirects (GET) to an upstream provider. */
  upstream(uid: string, id: string): string
  /** The path where people link providers to their account. */
  readonly linked: string
  /** Adds the issuer's path to a path below it. */
  of(path: string): string
  /** Redirects (303) to the open question. */
  backToQuestion(ctx: Context, uid: string): void
}

/** Creates the paths. They start with the issuer's path, which is never taken from the request. */
export function interactionPaths(issuer: string): InteractionPaths {
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const question = (uid: string) => `${base}/interaction/${encodeURIComponent(uid)}`
  return {
    question,
    form: (uid, step) => `${question(uid)}/${step}`,
    upstream: (uid, id) => `${question(uid)}/${UPSTREAM_STEP}/${encodeURIComponent(id)}`,
    linked: `${base}/account/linked`,
    of: (path) => base + path,
    backToQuestion(ctx, uid) {
      ctx.redirect(question(uid) + ctx.search)
      // RFC 9700 §4.12: 303, so that the browser does not submit the form again
      ctx.status = 303
    },
  }
}

/** Returns the audit context before a sign-in: an anonymous actor and the request's origin. */
export function anonymous(ctx: Context): AuditContext {
  return { actor: { kind: 'anonymous' }, ...requestOrigin(ctx) }
}
