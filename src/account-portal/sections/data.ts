/** `/account/data`: downloads everything stored about a person, and deletes their account. */
import { html, type Html } from '#pages/design/html.ts'
import type { Accounts } from '#accounts/account.ts'
import { button, field, hidden } from '#pages/design/components.ts'
import { ask, section } from '#pages/design/work-components.ts'
import { sendPage } from '#pages/page.ts'
import { collectData, type CollectedDeps } from '../collected-data.ts'
import type { Layout } from '../layout.ts'
import type { Notices } from '../notices.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Answer, Section, ShownAgain, Visit } from '../visit.ts'

export interface DataDeps extends CollectedDeps {
  readonly layout: Layout
  readonly accounts: Pick<Accounts, 'remove'>
  readonly notices: Notices
}

export function createData(deps: DataDeps): Section {
  return {
    name: 'data',
    isGuarded: () => true,
    show: (visit, again) => show(deps.layout, visit, again),
    answer: (visit, form) =>
      form.one('act') === 'delete' ? remove(deps, visit, (form.one('email') ?? '').trim()) : download(deps, visit),
  }
}

async function download(deps: DataDeps, visit: Visit): Promise<Answer> {
  const { ctx } = visit
  const collected = await collectData(deps, visit.account)
  ctx.attachment('account.json')
  ctx.type = 'application/json'
  ctx.set('Cache-Control', 'no-store')
  ctx.body = `${JSON.stringify(collected, undefined, 2)}\n`
  return undefined
}

async function remove({ accounts, layout, notices }: DataDeps, visit: Visit, typed: string): Promise<Answer> {
  const { account, by, ctx, language } = visit
  const texts = TEXTS[language].data
  if (typed.toLowerCase() !== account.email.toLowerCase()) {
    await show(layout, visit, { status: 422, errors: [{ field: 'email', message: texts.wrong }] })
    return undefined
  }
  await accounts.remove(account.id, undefined, by, (trx) => notices.deleted(trx, visit))
  await sendPage(ctx, {
    language,
    title: texts.gone,
    content: html`<div class="lines">
      <h1>${texts.gone}</h1>
      <p>${texts.goneWords}</p>
    </div>`,
  })
  return undefined
}

async function show(layout: Layout, visit: Visit, again?: ShownAgain): Promise<void> {
  const texts = TEXTS[visit.language].data
  if (!visit.isFresh) {
    return layout.send(visit, { name: 'data', again, content: layout.confirm(visit, 'data') })
  }
  const exporting = html`${hidden('act', 'export')}${button({ label: texts.export })}`
  await layout.send(visit, {
    name: 'data',
    again,
    content: html`${section({
      id: 'download',
      heading: texts.download,
      lead: texts.downloadLead,
      content: layout.form(visit, 'data', exporting),
    })}
    ${section({ id: 'remove', heading: texts.remove, lead: texts.removeLead, content: removal(layout, visit, again) })}`,
  })
}

function removal(layout: Layout, visit: Visit, again: ShownAgain | undefined): Html {
  const texts = TEXTS[visit.language].data
  const email = field({
    name: 'email',
    label: texts.email,
    type: 'email',
    autocomplete: 'off',
    error: again?.errors?.[0]?.message,
  })
  const asked = html`<p>${texts.typed(visit.account.email)}</p>
    ${layout.form(
      visit,
      'data',
      html`${hidden('act', 'delete')}${email}${button({ label: texts.submit, kind: 'danger' })}`,
    )}`
  return ask(texts.summary, asked, again !== undefined)
}
