/** Who may see and do what: a person who is signed in, by forms of our own pages, what matters by a fresh proof. */
import type { Context } from 'koa'
import type { Audit } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import type { Csrf } from '#http/csrf.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { requestOrigin } from '#http/origin.ts'
import type { BrowserSession, BrowserSessions } from '#oidc/sessions/browser-session.ts'
import type { Clock } from '#shared/clock.ts'
import { FRESH_SECONDS } from './paths.ts'
import type { Visit } from './visit.ts'

export interface GuardDeps {
  readonly browserSessions: BrowserSessions
  readonly csrf: Csrf
  readonly audit: Pick<Audit, 'record'>
  readonly clock: Clock
}

export interface Guard {
  /** Undefined where nobody is signed in. */
  visit(ctx: Context): Promise<Visit | undefined>
  /** The form; undefined, with an event, where it was not made by a page of this session in this browser. */
  form(visit: Visit): Promise<Form | undefined>
}

export function createGuard({ browserSessions, csrf, audit, clock }: GuardDeps): Guard {
  return {
    async visit(ctx) {
      const session = await browserSessions.of(ctx)
      if (!session) return undefined
      const { account } = session
      // as the engine reckons `max_age` (OpenID Connect Core §3.1.2.1), so that it asks where we do
      const age = Math.floor((clock.now().getTime() - session.signedInAt.getTime()) / 1000)
      return {
        ctx,
        session,
        account,
        language: chooseLanguage(ctx, { accountLocale: account.claims['locale'] }),
        by: { actor: { kind: 'account', id: account.id }, ...requestOrigin(ctx) },
        isFresh: age <= FRESH_SECONDS,
        csrf: csrf.field(ctx, bindingOf(session)),
      }
    },

    async form({ ctx, session, account, by }) {
      // RFC 9700 §4.7: what another site makes a browser send changes nothing
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
