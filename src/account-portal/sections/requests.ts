/** `/account/requests`: what apps ask of the person without a browser (CIBA), each on a page with the person's answer. */
import type { Client, Clients } from '#clients/client.ts'
import { isVerified } from '#clients/identity.ts'
import type { Approvals, PendingApproval } from '#oidc/grants/ciba/approvals.ts'
import { brandOf } from '#oidc/interactions/client-brand.ts'
import { buttonLink, foreign, webUrl } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { Language } from '#pages/i18n/language.ts'
import { type Row, rows, sheet } from '#pages/design/work-components.ts'
import { askedOfResources, openidInWords } from '#resources/asked/asked.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import type { Clock } from '#shared/clock.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Answer, Section, ShownAgain, Visit } from '../visit.ts'
import { type AskingApp, DECISION, requestContent } from './request-page.ts'
import { answerUserCode, isAboutUserCode, type UserCodeDeps, userCodeSection } from './user-code.ts'

export interface WaitingDeps {
  readonly layout: Layout
  readonly approvals: Approvals
  readonly clients: Pick<Clients, 'find'>
  readonly clock: Clock
}

export interface RequestsDeps extends WaitingDeps, UserCodeDeps {
  readonly resources: Pick<Resources, 'find'>
  readonly settings: Pick<Settings, 'current'>
}

/** A request that waits, and the client that made it. */
interface Request {
  readonly pending: PendingApproval
  readonly app: AskingApp
}

const DAY_SECONDS = 86_400

export interface RequestsSection extends Section {
  /** Leads to the sign-in that the request asks for, and back to its page. */
  confirm(visit: Visit): Promise<void>
}

export function createRequests(deps: RequestsDeps): RequestsSection {
  const { approvals, clock, layout } = deps
  return {
    name: 'requests',
    hasItems: true,
    isGuarded: isAboutUserCode,

    show: (visit, again) => show(deps, visit, again),

    async answer(visit, form): Promise<Answer> {
      const { account, by, session } = visit
      if (isAboutUserCode(form)) {
        const done = await answerUserCode(deps, visit, form)
        if (typeof done === 'string') return done
        await showAll(deps, visit, done)
        return undefined
      }
      const request = { accountId: account.id, id: idIn(visit) ?? '', by }
      const decision = form.one(DECISION)
      if (decision === 'deny' && (await approvals.deny(request)) === 'denied') return 'requestDenied'
      const approval = decision === 'allow' ? await approvals.approve(request, session) : undefined
      if (approval === 'approved') return 'requestApproved'
      await show(deps, visit, approval === 'unmet' ? { status: 403, problem: 'confirm' } : undefined)
      return undefined
    },

    async confirm(visit) {
      const { paths } = layout
      const { pending } = (await find(deps, visit)) ?? {}
      if (!pending || approvals.isMet(pending, visit.session))
        return paths.lead(visit.ctx, paths.section(`requests/${idIn(visit) ?? ''}`))
      const { acrValues, signedInSince } = pending
      const maxAge = signedInSince && Math.max(0, secondsBetween(signedInSince, clock.now()))
      paths.stepUp(visit.ctx, `requests/${pending.id}`, { acrValues, maxAge })
    },
  }
}

/** Returns a row for each request that waits for the person, which leads to its page. */
export async function waitingRows(deps: WaitingDeps, visit: Visit): Promise<Row[]> {
  const texts = TEXTS[visit.language].requests
  const all = await deps.approvals.list(visit.account.id)
  const requests = await Promise.all(all.map((pending) => withApp(deps, pending)))
  return requests
    .filter((request) => request !== undefined)
    .map(({ pending, app }) => ({
      name: foreign(app.name),
      href: deps.layout.paths.section(`requests/${pending.id}`),
      facts: pending.bindingMessage === undefined ? [] : [foreign(pending.bindingMessage)],
      state: texts.expires(minutesUntil(pending.expiresAt, deps.clock.now(), visit.language)),
    }))
}

async function show(deps: RequestsDeps, visit: Visit, again?: ShownAgain): Promise<void> {
  if (idIn(visit) === undefined) return showAll(deps, visit, again)
  const request = await find(deps, visit)
  await (request ? showOne(deps, visit, request, again) : showOver(deps, visit))
}

async function showAll(deps: RequestsDeps, visit: Visit, again?: ShownAgain): Promise<void> {
  const texts = TEXTS[visit.language].requests
  const waiting = await waitingRows(deps, visit)
  const content = html`<p>${texts.lead}</p>
    ${sheet(waiting.length === 0 ? html`<p>${texts.empty}</p>` : rows(waiting))}
    ${await userCodeSection(deps, visit, again)}`
  await deps.layout.send(visit, { name: 'requests', again, content })
}

async function showOne(deps: RequestsDeps, visit: Visit, request: Request, again?: ShownAgain): Promise<void> {
  const { approvals, clock, layout, resources, settings } = deps
  const { account, language, session } = visit
  const { pending, app } = request
  const texts = TEXTS[language].requests
  const place = `requests/${pending.id}` as const
  const dates = datesOf(visit)
  const requested = Object.entries(pending.asked.resourceScopes).flatMap(([resource, scopes]) =>
    scopes.map((scope) => ({ value: scope, scope, resource })),
  )
  const content = requestContent({
    language,
    app,
    who: account.email,
    message: pending.bindingMessage,
    aboutYou: openidInWords(pending.asked.openidScopes, language),
    resources: await askedOfResources(resources, requested, pending),
    keepsDays: pending.keepsAccess
      ? Math.round(settings.current().lifetimes.refresh_token_absolute_seconds / DAY_SECONDS)
      : undefined,
    requestedAt: dates.moment(pending.requestedAt),
    expiresAt: `${minutesUntil(pending.expiresAt, clock.now(), language)} · ${dates.moment(pending.expiresAt)}`,
    confirmPath: approvals.isMet(pending, session) ? undefined : `${layout.paths.section(place)}/confirm`,
    form: (buttons) => layout.form(visit, place, buttons),
  })
  const titles = { title: texts.title(app.name), heading: texts.heading(app.name) }
  await layout.send(visit, { name: 'requests', place, ...titles, again, content })
}

/** The same page for a request that is decided, expired, of another person or unknown. */
async function showOver({ layout }: RequestsDeps, visit: Visit): Promise<void> {
  const texts = TEXTS[visit.language].requests
  const link = buttonLink({ href: layout.paths.section('requests'), label: texts.all })
  const content = sheet(
    html`<p>${texts.overWords}</p>
      <div>${link}</div>`,
  )
  await layout.send(visit, { name: 'requests', title: texts.over, heading: texts.over, status: 404, content })
}

/** Returns the request of the page, if it waits for this person and its app can still sign people in. */
async function find(deps: RequestsDeps, visit: Visit): Promise<Request | undefined> {
  const pending = await deps.approvals.find(visit.account.id, idIn(visit) ?? '')
  return pending && withApp(deps, pending)
}

async function withApp({ clients }: WaitingDeps, pending: PendingApproval): Promise<Request | undefined> {
  const client = await clients.find(pending.clientId)
  return client?.status === 'enabled' ? { pending, app: describe(client) } : undefined
}

function describe(client: Client): AskingApp {
  const { client_name: name, client_uri: website } = client.metadata
  const isKnown = isVerified(client)
  return {
    name: typeof name === 'string' ? name : client.id,
    // RFC 7591 §5: whoever registers a client can name any website
    host: isKnown ? (URL.parse(webUrl(website) ?? '')?.host ?? '') : '',
    logo: brandOf(client.metadata).logo ?? undefined,
    unverified: !isKnown,
  }
}

/** Returns the id in the path; undefined on the page of all requests. */
function idIn({ ctx }: Visit): string | undefined {
  const { item } = (ctx['params'] ?? {}) as { item?: string }
  return item
}

/** Returns how long it is until then, in words, such as “in 5 minutes”. */
function minutesUntil(at: Date, now: Date, language: Language): string {
  const minutes = Math.max(1, Math.ceil(secondsBetween(now, at) / 60))
  return new Intl.RelativeTimeFormat(language).format(minutes, 'minute')
}

function secondsBetween(earlier: Date, later: Date): number {
  return Math.floor((later.getTime() - earlier.getTime()) / 1000)
}
