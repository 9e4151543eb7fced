/** Where the pages of an interaction are, and from where their requests come. */
import type { Context } from 'koa'
import type { AuditContext } from '#audit/audit.ts'
import { requestOrigin } from '#http/origin.ts'
import { UPSTREAM_STEP } from '#federation/method.ts'

export interface InteractionPaths {
  question(uid: string): string
  /** Of a step, by the last part of its path. */
  form(uid: string, step: string): string
  /** By GET: on to an upstream provider. */
  upstream(uid: string, id: string): string
  /** Where a person links providers to their account. */
  readonly linked: string
  /** 303 to the question that is open now. */
  backToQuestion(ctx: Context, uid: string): void
}

/** The addresses under the issuer's path, which is never taken from the request. */
export function interactionPaths(issuer: string): InteractionPaths {
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const question = (uid: string) => `${base}/interaction/${encodeURIComponent(uid)}`
  return {
    question,
    form: (uid, step) => `${question(uid)}/${step}`,
    upstream: (uid, id) => `${question(uid)}/${UPSTREAM_STEP}/${encodeURIComponent(id)}`,
    linked: `${base}/account/linked`,
    backToQuestion(ctx, uid) {
      ctx.redirect(question(uid) + ctx.search)
      // RFC 9700 §4.12: 303, so that a form is not sent a second time.
      ctx.status = 303
    },
  }
}

/** Who acts before a sign-in: nobody known, from somewhere. */
export function anonymous(ctx: Context): AuditContext {
  return { actor: { kind: 'anonymous' }, ...requestOrigin(ctx) }
}
