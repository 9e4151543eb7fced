/** Serves the account pages: `/account`, the paths below it, and `/.well-known/change-password`. */
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { Accounts } from '#accounts/account.ts'
import type { Audit } from '#audit/audit.ts'
import type { Clients } from '#clients/client.ts'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'
import type { Csrf } from '#http/csrf.ts'
import type { Mail } from '#mail/mail.ts'
import type { Approvals } from '#oidc/grants/ciba/approvals.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import type { BrowserSessions } from '#oidc/sessions/browser-session.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import type { Clock } from '#shared/clock.ts'
import type { Enrolments } from '#sign-in/enrolment-store.ts'
import type { AssertNotLastCredential } from '#sign-in/last-credential.ts'
import { PASSKEY } from '#sign-in/passkey/method.ts'
import type { LostFactors } from '#sign-in/lost-factor/lost-factors.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { MethodRegistry } from '#sign-in/registry.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import type { UserCodes } from '#sign-in/user-code/user-codes.ts'
import type { EmailAddress } from '#verification/email-address.ts'
import type { IdentityCodes } from '#verification/identity-codes.ts'
import { createLayout, type Layout } from './layout.ts'
import { createGuard, type Guard } from './guard.ts'
import { createNotices, type Notices } from './notices.ts'
import { createPaths, placeAt, routeOf, SIGNED_IN_PATH, type Paths } from './paths.ts'
import { problemOf } from './problems.ts'
import { createActivity } from './sections/activity.ts'
import { createApps } from './sections/apps.ts'
import { createAuthenticator } from './sections/authenticator.ts'
import { createData } from './sections/data.ts'
import { createEmailSection } from './sections/email.ts'
import { createLinked } from './sections/linked.ts'
import { createLost } from './sections/lost.ts'
import { createOverview } from './sections/overview.ts'
import { createPasskeysSection } from './sections/passkeys.ts'
import { createPasswordSection } from './sections/password.ts'
import { createProfile } from './sections/profile.ts'
import { createRecoveryCodesSection } from './sections/recovery-codes.ts'
import { createRequests } from './sections/requests.ts'
import { createSessions } from './sections/sessions.ts'
import { SECTION_NAMES, type Section, type SectionName, type Visit } from './visit.ts'

/** W3C, A Well-Known URL for Changing Passwords. */
export const CHANGE_PASSWORD_PATH = '/.well-known/change-password'
const CONFIRM_PATH = '/account/confirm'
const PASSKEY_OPTIONS_PATH = '/account/passkeys/options'
const REQUEST_CONFIRM_PATH = '/account/requests/:item/confirm'

/** The room's routes, relative to the issuer, for names in logs and metrics. */
export const ACCOUNT_ROUTES: readonly string[] = [
  ...SECTION_NAMES.map(routeOf),
  itemRouteOf('requests'),
  REQUEST_CONFIRM_PATH,
  SIGNED_IN_PATH,
  CONFIRM_PATH,
  PASSKEY_OPTIONS_PATH,
  CHANGE_PASSWORD_PATH,
]

export interface AccountPortalDeps {
  /** The issuer identifier. The paths of the pages start with its path. */
  readonly issuer: string
  readonly browserSessions: BrowserSessions
  readonly csrf: Csrf
  readonly clock: Clock
  readonly audit: Audit
  readonly accounts: Accounts
  readonly accountAccess: AccountAccess
  readonly approvals: Approvals
  readonly clients: Clients
  readonly resources: Resources
  readonly mail: Mail
  readonly methods: MethodRegistry
  readonly enrolments: Enrolments
  readonly passwords: Passwords
  readonly userCodes: UserCodes
  readonly passkeys: Passkeys
  readonly totp: Totp
  readonly assertNotLastCredential: AssertNotLastCredential
  readonly recoveryCodes: RecoveryCodes
  readonly upstreamSignIn: UpstreamSignIn
  readonly emailAddress: EmailAddress
  readonly identityCodes: IdentityCodes
  readonly lostFactors: LostFactors
  readonly settings: Pick<Settings, 'current'>
}

interface SectionsDeps extends AccountPortalDeps {
  readonly layout: Layout
  readonly notices: Notices
}

/** Middleware that answers `/account`, the paths below it and `/.well-known/change-password`; the rest passes on. */
export function createAccountPortal(deps: AccountPortalDeps): Middleware {
  const paths = createPaths(deps.issuer)
  const layout = createLayout({ ...deps, paths })
  const guard = createGuard(deps)
  const { sections, passkeys, requests } = createSections({ ...deps, layout, notices: createNotices(deps) })
  const router = new Router()

  /** Serves signed-in people. Sends others to the sign-in, which returns to the page, or else to the section. */
  function forVisitors(name: SectionName, serve: (visit: Visit) => Promise<void>): (ctx: Context) => Promise<void> {
    return async (ctx) => {
      const visit = await guard.visit(ctx)
      if (!visit) return paths.signIn(ctx, placeAt(ctx.path) ?? name)
      await serve(visit)
    }
  }

  for (const section of sections) {
    const routes = [routeOf(section.name), ...(section.hasItems ? [itemRouteOf(section.name)] : [])]
    router.get(
      routes,
      forVisitors(section.name, (visit) => section.show(visit)),
    )
    if (section.answer) {
      router.post(
        routes,
        forVisitors(section.name, (visit) => answer({ layout, guard }, section, visit)),
      )
    }
  }
  router.get(
    PASSKEY_OPTIONS_PATH,
    forVisitors('passkeys', (visit) => passkeys.options(visit)),
  )
  router.get(
    REQUEST_CONFIRM_PATH,
    forVisitors('requests', (visit) => requests.confirm(visit)),
  )
  router.get(CONFIRM_PATH, async (ctx) => {
    const name = SECTION_NAMES.find((one) => one === ctx.query['to']) ?? 'overview'
    const visit = await guard.visit(ctx)
    if (!visit) return paths.signIn(ctx, name)
    if (visit.isFresh) return paths.lead(ctx, paths.section(name))
    const isPasskey = visit.strongest === PASSKEY.name && ctx.query['without'] === undefined
    paths.signInAgain(ctx, name, isPasskey ? 'urn:signet:acr:passkey' : undefined)
  })
  router.get(SIGNED_IN_PATH, (ctx) => comeBack(ctx, guard, paths))
  router.get(CHANGE_PASSWORD_PATH, (ctx) => paths.lead(ctx, paths.section('password')))

  const routes = router.routes()
  return async (ctx, next) => {
    const isOurs = ctx.path === '/account' || ctx.path.startsWith('/account/') || ctx.path === CHANGE_PASSWORD_PATH
    await (isOurs ? routes(ctx as never, next) : next())
  }
}

function createSections(deps: SectionsDeps) {
  const passkeys = createPasskeysSection(deps)
  const requests = createRequests(deps)
  const sections: readonly Section[] = [
    createOverview(deps),
    createProfile(deps),
    createEmailSection(deps),
    createPasswordSection(deps),
    passkeys,
    createAuthenticator(deps),
    createRecoveryCodesSection(deps),
    createLinked(deps),
    createSessions(deps),
    createApps(deps),
    createActivity(deps),
    createData(deps),
    createLost(deps),
    requests,
  ]
  return { sections, passkeys, requests }
}

function itemRouteOf(name: SectionName): string {
  return `${routeOf(name)}/:item`
}

/** Handles a form. It must come from our own page, and guarded forms require a recent proof. */
async function answer(
  { layout, guard }: { readonly layout: Layout; readonly guard: Guard },
  section: Section,
  visit: Visit,
): Promise<void> {
  const form = await guard.form(visit)
  if (!form) return section.show(visit, { status: 403, problem: 'stale' })
  // ASVS 7.5.1
  if (section.isGuarded?.(form) === true && !visit.isFresh)
    return section.show(visit, { status: 403, problem: 'confirm' })
  try {
    const done = await section.answer?.(visit, form)
    if (done !== undefined) layout.tell(visit, section.name, done)
  } catch (error) {
    const again = problemOf(visit.ctx, error)
    if (!again) throw error
    await section.show(visit, again)
  }
}

/** Redirects to the place in `state` after the sign-in. Ignores all other parameters. */
async function comeBack(ctx: Context, guard: Pick<Guard, 'visit'>, paths: Paths): Promise<void> {
  // a person who cancelled the sign-in goes to the start page, and is not asked again
  if (!(await guard.visit(ctx))) return paths.lead(ctx, paths.home)
  paths.lead(ctx, paths.section(placeAt(ctx.query['state']) ?? 'overview'))
}
