/** `/account`: an overview of the person's sign-in methods, sessions and apps. */
import { html } from '#pages/design/html.ts'
import { rows, section } from '#pages/design/work-components.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import { datesOf } from '../dates.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Section, SectionName, Visit } from '../visit.ts'
import { type WaitingDeps, waitingRows } from './requests.ts'

export interface OverviewDeps extends WaitingDeps {
  readonly passwords: Pick<Passwords, 'state'>
  readonly passkeys: Pick<Passkeys, 'list'>
  readonly totp: Pick<Totp, 'state'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'left'>
  readonly upstreamSignIn: Pick<UpstreamSignIn, 'links' | 'offered'>
  readonly accountAccess: Pick<AccountAccess, 'sessions' | 'consents'>
}

export function createOverview(deps: OverviewDeps): Section {
  const { layout } = deps
  return {
    name: 'overview',
    async show(visit, again) {
      const { account, language } = visit
      const texts = TEXTS[language]
      const { signingIn, access } = await statesOf(deps, visit)
      const waiting = await waitingRows(deps, visit)
      const row = ([name, state]: readonly [SectionName, string]) => ({
        name: texts.layout.titles[name],
        href: layout.paths.section(name),
        state,
      })
      const content = html`${
        waiting.length === 0
          ? ''
          : section({ id: 'requests', heading: texts.layout.titles.requests, content: rows(waiting) })
      }${section({
        id: 'signing-in',
        heading: texts.overview.signingIn,
        content: rows(signingIn.map(row)),
      })}
      ${section({ id: 'access', heading: texts.overview.access, content: rows(access.map(row)) })}
      ${section({ id: 'you', heading: texts.overview.you, content: rows([row(['profile', account.email])]) })}`
      await layout.send(visit, {
        name: 'overview',
        heading: texts.overview.hello(account.name ?? account.email),
        again,
        content,
      })
    },
  }
}

type States = readonly (readonly [SectionName, string])[]

async function statesOf(deps: OverviewDeps, visit: Visit): Promise<{ signingIn: States; access: States }> {
  const { account, language } = visit
  const { id: accountId } = account
  const texts = TEXTS[language].overview
  const dates = datesOf(visit)
  const [password, passkeys, app, codes, links, offered, sessions, consents] = await Promise.all([
    deps.passwords.state(accountId),
    deps.passkeys.list(accountId),
    deps.totp.state(accountId),
    deps.recoveryCodes.left(accountId),
    deps.upstreamSignIn.links(accountId),
    deps.upstreamSignIn.offered(),
    deps.accountAccess.sessions(accountId),
    deps.accountAccess.consents(accountId),
  ])
  return {
    signingIn: [
      ['password', password ? texts.set(dates.day(password.updatedAt)) : texts.none],
      ['passkeys', texts.passkeys(passkeys.length)],
      ['authenticator', app ? texts.on(dates.day(app.confirmedAt)) : texts.none],
      ['recovery-codes', codes === 0 ? texts.noCodes : texts.codes(codes)],
      // left out on servers without upstream providers
      ...(links.length + offered.length === 0
        ? []
        : [['linked', links.map(({ name }) => name).join(', ') || texts.none] as const]),
    ],
    access: [
      ['sessions', texts.sessions(sessions.length)],
      ['apps', texts.apps(consents.length)],
    ],
  }
}
