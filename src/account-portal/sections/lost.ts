/** `/account/lost`: what a person can prove in place of a passkey or authenticator app that they lost. */
import { html, type Html } from '#pages/design/html.ts'
import type { Form } from '#http/body.ts'
import { button, buttonLink, field, hidden } from '#pages/design/components.ts'
import { section, sheet } from '#pages/design/work-components.ts'
import type { Settings } from '#settings/settings.ts'
import type { Clock } from '#shared/clock.ts'
import type { LostFactors } from '#sign-in/lost-factor/lost-factors.ts'
import { PASSKEY } from '#sign-in/passkey/method.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import { LOST_FACTOR } from '#sign-in/proof-times.ts'
import { RECOVERY_CODE } from '#sign-in/recovery-code/method.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import type { IdentityCodes } from '#verification/identity-codes.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import type { Notices } from '../notices.ts'
import { type Done, TEXTS } from '../texts/texts.ts'
import type { Answer, Section, ShownAgain, Visit } from '../visit.ts'

export interface LostDeps {
  readonly layout: Layout
  readonly lostFactors: LostFactors
  readonly passwords: Pick<Passwords, 'state' | 'verify'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'left' | 'verify'>
  readonly totp: Pick<Totp, 'isEnrolled'>
  readonly identityCodes: IdentityCodes
  readonly notices: Notices
  readonly settings: Pick<Settings, 'current'>
  readonly clock: Clock
}

const PROVEN = { begun: 'lostBegun', waiting: 'lostWaiting', ready: 'lostConfirmed' } as const satisfies Record<
  string,
  Done
>

export function createLost(deps: LostDeps): Section {
  return {
    name: 'lost',
    show: (visit, again) => show(deps, visit, again),
    async answer(visit, form) {
      if (visit.strongest === undefined) return show(deps, visit).then(() => undefined)
      switch (form.one('act')) {
        case 'recovery':
          return byRecoveryCode(deps, visit, form)
        case 'password':
          return byPassword(deps, visit, form)
        case 'code':
          return byMailCode(deps, visit, form)
        default:
          await deps.lostFactors.cancel(visit.account.id, visit.by)
          return 'lostCancelled'
      }
    },
  }
}

async function byRecoveryCode(deps: LostDeps, visit: Visit, form: Form): Promise<Answer> {
  const attempt = { accountId: visit.account.id, code: form.one('recovery') ?? '', isSignedIn: true }
  const proof = await deps.recoveryCodes.verify(attempt, visit.by)
  if (!proof) return wrong(deps, visit, 'recovery', TEXTS[visit.language].lost.recoveryWrong)
  await visit.proved(RECOVERY_CODE.name)
  deps.layout.tell(visit, 'overview', 'lostConfirmed')
  return undefined
}

/** Checks the password, and only then sends the code. */
async function byPassword(deps: LostDeps, visit: Visit, form: Form): Promise<Answer> {
  const { identityCodes, layout, passwords } = deps
  const { account, by, ctx, language } = visit
  const attempt = { identifier: account.email, password: form.one('password') ?? '', isSignedIn: true }
  const proof = await passwords.verify(attempt, by)
  if (proof?.account.id !== account.id) {
    return wrong(deps, visit, 'password', TEXTS[language].lost.passwordWrong)
  }
  await identityCodes.send(handleOf(visit), { account, language }, by)
  layout.paths.lead(ctx, layout.paths.section('lost'))
  return undefined
}

/** Checks the code. The password was checked before the code was sent. */
async function byMailCode(deps: LostDeps, visit: Visit, form: Form): Promise<Answer> {
  const { identityCodes, layout, lostFactors, notices } = deps
  const { account, by, language } = visit
  const given = { account, code: form.one('code') ?? '', isSignedIn: true }
  const isRight = await identityCodes.prove(handleOf(visit), given, by)
  if (!isRight) return wrong(deps, visit, 'code', TEXTS[language].lost.codeWrong)
  const { kind } = await lostFactors.prove(account, by, (trx) =>
    notices.factorChanged(trx, visit, 'lost_factor_requested'),
  )
  if (kind !== 'ready') return PROVEN[kind]
  await visit.proved(LOST_FACTOR)
  layout.tell(visit, 'overview', PROVEN.ready)
  return undefined
}

/** Names the session. A code that was sent for anything else does not count here, and only a password leads to one. */
function handleOf({ session }: Visit): string {
  return `lost factor in ${session.uid}`
}

async function wrong(deps: LostDeps, visit: Visit, name: string, message: string): Promise<undefined> {
  await show(deps, visit, { status: 422, errors: [{ field: name, message }] })
}

async function show(deps: LostDeps, visit: Visit, again?: ShownAgain): Promise<void> {
  const { layout } = deps
  const texts = TEXTS[visit.language].lost
  const ways = visit.strongest === undefined ? [] : await waysOf(deps, visit, again)
  const none = visit.strongest === undefined ? texts.nothing : texts.support
  const content = ways.length === 0 ? sheet(html`<p>${none}</p>`) : html`${ways}`
  await layout.send(visit, { name: 'lost', again, content })
}

async function waysOf(deps: LostDeps, visit: Visit, again: ShownAgain | undefined): Promise<Html[]> {
  const { identityCodes, layout, lostFactors, passwords, recoveryCodes, totp } = deps
  const { account, language, strongest } = visit
  const texts = TEXTS[language].lost
  const [codes, hasApp, password, request] = await Promise.all([
    recoveryCodes.left(account.id),
    totp.isEnrolled(account.id),
    passwords.state(account.id),
    lostFactors.find(account),
  ])
  const recovery = section({
    id: 'recovery-code',
    heading: texts.recovery,
    lead: texts.recoveryLead,
    content: act(deps, visit, 'recovery', html`${input(visit, 'recovery', again)}${button({ label: texts.confirm })}`),
  })
  const other = section({
    id: 'other',
    heading: texts.other,
    lead: texts.otherLead,
    content: html`<div>
      ${buttonLink({ href: layout.paths.confirmWithoutPasskey('overview'), label: texts.otherSubmit })}
    </div>`,
  })
  return [
    ...(codes > 0 ? [recovery] : []),
    ...(strongest === PASSKEY.name && hasApp ? [other] : []),
    ...(password && identityCodes.available ? [await mailWay(deps, visit, request?.readyAt, again)] : []),
  ]
}

/** Returns the section for password and mail code: its forms, and the end of the waiting time. */
async function mailWay(
  deps: LostDeps,
  visit: Visit,
  readyAt: Date | undefined,
  again: ShownAgain | undefined,
): Promise<Html> {
  const texts = TEXTS[visit.language].lost
  const isReady = readyAt !== undefined && readyAt <= deps.clock.now()
  const hours = Math.ceil(deps.settings.current().limits.lost_factor_delay_seconds / 3600)
  const sent = await deps.identityCodes.isSent(handleOf(visit), visit.account)
  const proof = sent
    ? act(
        deps,
        visit,
        'code',
        html`<p>${texts.sent(visit.account.email)}</p>
          ${input(visit, 'code', again)}${button({ label: texts.confirm })}`,
      )
    : act(deps, visit, 'password', html`${input(visit, 'password', again)}${button({ label: texts.send })}`)
  const waiting =
    readyAt === undefined
      ? ''
      : html`<p>${texts.waiting(datesOf(visit).moment(readyAt))}</p>
          ${act(deps, visit, 'cancel', button({ label: texts.cancel, kind: 'danger' }))}`
  return section({
    id: 'mail',
    heading: texts.mail,
    lead: isReady ? texts.readyLead : texts.mailLead(hours),
    content: html`${waiting}${readyAt === undefined || isReady ? proof : ''}`,
  })
}

function act({ layout }: LostDeps, visit: Visit, name: string, content: Html): Html {
  return layout.form(visit, 'lost', html`${hidden('act', name)}${content}`)
}

function input(visit: Visit, name: 'recovery' | 'password' | 'code', again: ShownAgain | undefined): Html {
  const texts = TEXTS[visit.language].lost
  const label = { recovery: texts.recoveryCode, password: texts.password, code: texts.code }[name]
  const autocomplete = { recovery: 'off', password: 'current-password', code: 'one-time-code' }[name]
  return field({
    name,
    label,
    type: name === 'password' ? 'password' : 'text',
    autocomplete,
    error: again?.errors?.find((one) => one.field === name)?.message,
  })
}
