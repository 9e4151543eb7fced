/** Sends the room's pages, with the navigation rail and a notice of what was done or what went wrong. */
import { html, type Html } from '#pages/design/html.ts'
import { button, buttonLink, form, hidden, notice } from '#pages/design/components.ts'
import { done, errorSummary, section } from '#pages/design/work-components.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'
import { type NavigationLink, sendWorkPage } from '#pages/work-page.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import type { Paths } from './paths.ts'
import { type Done, type PortalTexts, TEXTS } from './texts/texts.ts'
import type { Place, SectionName, ShownAgain, Visit } from './visit.ts'

/** The groups of the navigation rail. */
const RAIL: readonly (readonly SectionName[])[] = [
  ['overview', 'profile'],
  ['password', 'passkeys', 'authenticator', 'recovery-codes'],
  ['sessions', 'apps', 'activity'],
  ['data'],
]

/** Pages without an entry in the rail, and the page that links to them. */
const UNDER: Partial<Record<SectionName, SectionName>> = {
  email: 'profile',
  linked: 'overview',
  lost: 'overview',
  requests: 'overview',
}

/** Changes to sign-in methods. The page then offers to end the other sessions (ASVS 7.4.3). */
const FACTOR_CHANGES: ReadonlySet<Done> = new Set([
  'passwordChanged',
  'passkeyAdded',
  'passkeyRemoved',
  'totpAdded',
  'totpRemoved',
  'codesMade',
  'emailConfirmed',
  'linked',
  'unlinked',
])
const NOTICE = 'page-notice'
/** The query parameter that names what a form did. It selects one of our sentences and is never shown itself. */
const DONE = 'done'

export interface LayoutDeps {
  readonly paths: Paths
  readonly accountAccess: Pick<AccountAccess, 'sessions'>
}

export interface Layout {
  readonly paths: Paths
  send(visit: Visit, page: SectionPage): Promise<void>
  /** Returns a form that posts to the path of the place. */
  form(visit: Visit, place: Place, content: Html): Html
  /** Returns the prompt to confirm who you are, shown instead of forms that require a recent proof. */
  confirm(visit: Visit, name: SectionName): Html
  /** Redirects (303) to the section, which shows what was done. */
  tell(visit: Visit, name: SectionName, what: Done): void
}

export interface SectionPage {
  readonly name: SectionName
  readonly content: Html
  /** Default: the section itself. */
  readonly place?: Place
  /** Default: the title of the section. */
  readonly title?: string
  readonly heading?: string | Html
  /** Default 200, or that of `again`. */
  readonly status?: number
  readonly again?: ShownAgain | undefined
  readonly policy?: ContentSecurityPolicy
  /** What the form did, if the page is shown without a redirect. */
  readonly done?: Done
}

export function createLayout({ paths, accountAccess }: LayoutDeps): Layout {
  const toSection = (visit: Visit, place: Place, content: Html) =>
    form(paths.section(place), html`${hidden(visit.csrf.name, visit.csrf.value)}${content}`)

  /** Returns the notice. After a change to sign-in methods it offers to end the other sessions, if there are any. */
  async function doneNotice(visit: Visit, what: Done): Promise<Html> {
    const texts = TEXTS[visit.language]
    const { session, account } = visit
    const isOffered =
      FACTOR_CHANGES.has(what) &&
      (await accountAccess.sessions(account.id)).some(({ uid, signedInAt }) => uid !== session.uid && signedInAt)
    if (!isOffered) return done(texts.done[what])
    const act = html`${hidden('act', 'others')}${button({ label: texts.elsewhere.submit })}`
    return done(
      texts.done[what],
      html`<p>${texts.elsewhere.offer}</p>
        ${toSection(visit, 'sessions', act)}`,
    )
  }

  return {
    paths,
    form: toSection,
    confirm: ({ language, strongest }, name) =>
      confirmation(TEXTS[language].fresh, {
        href: paths.confirm(name),
        lost: strongest === undefined ? undefined : paths.section('lost'),
      }),
    tell: ({ ctx }, name, what) => paths.lead(ctx, `${paths.section(name)}?${DONE}=${what}`),

    async send(visit, page) {
      const { ctx, language, account } = visit
      const texts = TEXTS[language].layout
      const { again, name } = page
      const what = page.done ?? doneOf(ctx.query[DONE])
      const title = page.title ?? texts.titles[name]
      await sendWorkPage(ctx, {
        language,
        title: again === undefined ? title : `${texts.errorPrefix}: ${title}`,
        heading: page.heading ?? title,
        navigationLabel: texts.rail,
        navigation: railOf(paths, name, language),
        signedInAs: account.email,
        signOut: { href: paths.signOut, label: texts.signOut },
        content: html`${again === undefined ? '' : problems(again, language)}
        ${what === undefined || again !== undefined ? '' : await doneNotice(visit, what)} ${page.content}`,
        languagePath: paths.section(page.place ?? name),
        status: again?.status ?? page.status ?? 200,
        ...(page.policy === undefined ? {} : { policy: page.policy }),
      })
    },
  }
}

function railOf(paths: Paths, name: SectionName, language: Language): readonly (readonly NavigationLink[])[] {
  const texts = TEXTS[language].layout.titles
  const current = UNDER[name] ?? name
  return RAIL.map((group) =>
    group.map((one) => ({ href: paths.section(one), label: texts[one], current: one === current })),
  )
}

function problems({ problem, errors = [] }: ShownAgain, language: Visit['language']): Html {
  const texts = TEXTS[language]
  const said = problem === undefined ? '' : notice(NOTICE, texts.problems[problem])
  return html`${said}${errors.length === 0 ? '' : errorSummary({ heading: texts.layout.errors, errors })}`
}

function confirmation(
  texts: PortalTexts['fresh'],
  { href, lost }: { readonly href: string; readonly lost: string | undefined },
): Html {
  return section({
    id: 'confirm',
    heading: texts.heading,
    lead: texts.words,
    content: html`<div>${buttonLink({ href, label: texts.submit, kind: 'primary' })}</div>
      ${lost === undefined ? '' : html`<p><a href="${lost}">${texts.lost}</a></p>`}`,
  })
}

function doneOf(given: unknown): Done | undefined {
  return typeof given === 'string' && Object.hasOwn(TEXTS.en.done, given) ? (given as Done) : undefined
}
