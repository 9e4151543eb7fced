/** `/account/linked`: lists, adds and removes links to upstream providers. */
import { html, type Html } from '#pages/design/html.ts'
import { button, buttonLink, foreign, hidden } from '#pages/design/components.ts'
import { ask, rows, type Row, section, sheet } from '#pages/design/work-components.ts'
import { LinkNotFound } from '#federation/errors.ts'
import type { UpstreamSignIn, OwnLinkOutcome } from '#federation/upstream-sign-in.ts'
import type { Upstream } from '#federation/upstream.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Section, ShownAgain, Visit } from '../visit.ts'

export interface LinkedDeps {
  readonly layout: Layout
  readonly upstreamSignIn: Pick<UpstreamSignIn, 'links' | 'unlink' | 'offered' | 'beginLink' | 'finishLink'>
}

type Link = Awaited<ReturnType<UpstreamSignIn['links']>>[number]

/** The status and message for each way that linking can fail. */
const REFUSALS = {
  cancelled: { status: 200, problem: 'linkCancelled' },
  unavailable: { status: 503, problem: 'linkUnavailable' },
  login_required: { status: 200, problem: 'linkLoginRequired' },
  refused: { status: 403, problem: 'linkRefused' },
  taken: { status: 409, problem: 'linkTaken' },
} as const satisfies Record<Exclude<OwnLinkOutcome, 'linked'>, ShownAgain>

export function createLinked(deps: LinkedDeps): Section {
  const { upstreamSignIn } = deps
  return {
    name: 'linked',
    isGuarded: () => true,

    async show(visit, again) {
      const { account, ctx, session } = visit
      // the person returns from a provider; the parameters are only valid in the session that started the link
      if (again !== undefined || ctx.query['state'] === undefined) return list(deps, visit, again)
      const outcome = await upstreamSignIn.finishLink(
        { account, session: session.uid, answer: ctx.querystring },
        visit.by,
      )
      if (outcome === 'linked') return deps.layout.tell(visit, 'linked', 'linked')
      await list(deps, visit, REFUSALS[outcome])
    },

    async answer(visit, form) {
      const wanted = form.one('link')
      if (wanted !== undefined) return leadOn(deps, visit, wanted)
      const link = { upstream: form.one('upstream') ?? '', subject: form.one('subject') ?? '' }
      await upstreamSignIn.unlink(visit.account.id, link, visit.by)
      return 'unlinked'
    },
  }
}

async function list(
  { layout, upstreamSignIn }: LinkedDeps,
  visit: Visit,
  again: ShownAgain | undefined,
): Promise<void> {
  const texts = TEXTS[visit.language].linked
  const [links, offered] = await Promise.all([upstreamSignIn.links(visit.account.id), upstreamSignIn.offered()])
  const further = offered.filter(({ id }) => !links.some(({ upstream }) => upstream === id))
  const isAsked = links.length > 0 || further.length > 0
  await layout.send(visit, {
    name: 'linked',
    again,
    content: html`${links.length === 0 ? '' : html`<p>${texts.lead}</p>`}
    ${isAsked && !visit.isFresh ? layout.confirm(visit, 'linked') : ''}
    ${sheet(links.length === 0 ? html`<p>${texts.empty}</p>` : rows(links.map((link) => row(layout, visit, link))))}
    ${further.length === 0 || !visit.isFresh ? '' : additions(layout, visit, further)}`,
  })
}

function additions(layout: Layout, visit: Visit, further: readonly Pick<Upstream, 'id' | 'name'>[]): Html {
  const texts = TEXTS[visit.language].linked
  const buttons = further.map(({ id, name }) => button({ label: texts.add(name), name: 'link', value: id }))
  return section({
    id: 'more',
    heading: texts.more,
    lead: texts.moreLead,
    content: layout.form(visit, 'linked', html`${buttons}`),
  })
}

/** Shows a page that forwards to the provider: the policy's form-action does not let forms redirect to other sites. */
async function leadOn({ layout, upstreamSignIn }: LinkedDeps, visit: Visit, wanted: string): Promise<undefined> {
  const url = await upstreamSignIn.beginLink({ upstream: wanted, session: visit.session.uid })
  const name = (await upstreamSignIn.offered()).find(({ id }) => id === wanted)?.name
  if (!url || name === undefined) throw new LinkNotFound()
  const texts = TEXTS[visit.language].linked
  visit.ctx.set('Refresh', `0; url=${url.href}`)
  await layout.send(visit, {
    name: 'linked',
    content: sheet(
      html`<p>${texts.going(name)}</p>
        <div>${buttonLink({ href: url.href, label: texts.go(name), kind: 'primary' })}</div>`,
    ),
  })
}

function row(layout: Layout, visit: Visit, { name, upstream, subject, linkedAt, lastUsedAt }: Link): Row {
  const texts = TEXTS[visit.language].linked
  const dates = datesOf(visit)
  const facts = [texts.since(dates.day(linkedAt)), ...(lastUsedAt ? [texts.used(dates.day(lastUsedAt))] : [])]
  const act = html`<p>${texts.removeWords}</p>
    ${layout.form(
      visit,
      'linked',
      html`${hidden('upstream', upstream)}${hidden('subject', subject)}${button({
        label: texts.remove(name),
        kind: 'danger',
      })}`,
    )}`
  return { name: foreign(name), facts, ...(visit.isFresh ? { acts: ask(texts.remove(name), act) } : {}) }
}
