/** Checks requests: who is signed in, whether a form is from our own page, and whether the last proof is recent. */
import type { Context } from 'koa'
import type { Audit } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import type { Csrf } from '#http/csrf.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { requestOrigin } from '#http/origin.ts'
import type { BrowserSession, BrowserSessions } from '#oidc/sessions/browser-session.ts'
import type { Clock } from '#shared/clock.ts'
import type { Enrolments } from '#sign-in/enrolment-store.ts'
import { isFreshlyProven, strongestOf } from '#sign-in/proof-times.ts'
import type { MethodRegistry } from '#sign-in/registry.ts'
import type { Visit } from './visit.ts'

export interface GuardDeps {
  readonly browserSessions: BrowserSessions
  readonly csrf: Csrf
  readonly audit: Pick<Audit, 'record'>
  readonly clock: Clock
  readonly methods: MethodRegistry
  readonly enrolments: Enrolments
}

export interface Guard {
  /** Returns the visit; undefined if nobody is signed in. */
  visit(ctx: Context): Promise<Visit | undefined>
  /** Returns the form. If no page of this session made it in this browser, audits that and returns undefined. */
  form(visit: Visit): Promise<Form | undefined>
}

export function createGuard({ browserSessions, csrf, audit, clock, methods, enrolments }: GuardDeps): Guard {
  return {
    async visit(ctx) {
      const session = await browserSessions.of(ctx)
      if (!session) return undefined
      const { account } = session
      const enrolled = (await enrolments.of(account.id)).methods
      const now = Math.floor(clock.now().getTime() / 1000)
      return {
        ctx,
        session,
        account,
        language: chooseLanguage(ctx, { accountLocale: account.claims['locale'] }),
        by: { actor: { kind: 'account', id: account.id }, ...requestOrigin(ctx) },
        isFresh: isFreshlyProven(methods, { provenAt: session.provenAt, enrolled, now }),
        strongest: strongestOf(methods, enrolled),
        proved: (method) => browserSessions.proved(ctx, method, now),
        csrf: csrf.field(ctx, bindingOf(session)),
      }
    },

    async form({ ctx, session, account, by }) {
      // RFC 9700 §4.7: forms that another site submits must have no effect
      const form = await csrf.readForm(ctx, bindingOf(session))
      if (form) return form
      await audit.record({
        ...by,
        type: 'account_page.refused',
        outcome: 'failure',
        accountId: account.id,
        subject: { kind: 'session', id: session.uid },
        reason: 'the form was not made by a page of this session in this browser',
      })
      return undefined
    },
  }
}

function bindingOf({ uid }: BrowserSession): string {
  return `account ${uid}`
}
