/** `/account/activity`: shows the person's events of the audit log in plain words. */
import { html, type Html } from '#pages/design/html.ts'
import type { Audit, StoredAuditEvent } from '#audit/audit.ts'
import type { Clients } from '#clients/client.ts'
import { foreign } from '#pages/design/components.ts'
import { sheet, table } from '#pages/design/work-components.ts'
import { ACCOUNT_CLIENT_ID } from '#oidc/engine/account-client.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Section, Visit } from '../visit.ts'

const PAGE = 30
const TYPES = Object.keys(TEXTS.en.activity.events)

export interface ActivityDeps {
  readonly layout: Layout
  readonly audit: Pick<Audit, 'list'>
  readonly clients: Pick<Clients, 'find'>
}

export function createActivity({ layout, audit, clients }: ActivityDeps): Section {
  return {
    name: 'activity',
    async show(visit, again) {
      const { account, ctx, language } = visit
      const texts = TEXTS[language].activity
      const given = ctx.query['before']
      const before = typeof given === 'string' && /^\d{1,18}$/.test(given) ? given : undefined
      const found = await audit.list({
        limit: PAGE + 1,
        accountId: account.id,
        types: TYPES,
        ...(before === undefined ? {} : { before }),
      })
      const shown = found.slice(0, PAGE)
      const lines = await Promise.all(shown.map((event) => lineOf(clients, visit, event)))
      const path = layout.paths.section('activity')
      const older =
        found.length > PAGE ? html`<a href="${path}?before=${shown.at(-1)?.id ?? ''}">${texts.older}</a>` : ''
      const newest = before === undefined ? '' : html`<a href="${path}">${texts.newest}</a>`
      const columns = [texts.what, texts.when, texts.where]
      const content =
        lines.length === 0
          ? sheet(html`<p>${texts.empty}</p>`)
          : html`<p>${texts.lead}</p>
              ${sheet(
                html`${table({ caption: texts.caption, columns, rows: lines })}
                  <p class="pages">${newest} ${older}</p>`,
              )}`
      await layout.send(visit, { name: 'activity', again, content })
    },
  }
}

async function lineOf(
  clients: ActivityDeps['clients'],
  visit: Visit,
  event: StoredAuditEvent,
): Promise<readonly (string | Html)[]> {
  const texts = TEXTS[visit.language].activity
  const words: Readonly<Record<string, string>> = texts.events
  const methods: Readonly<Record<string, string>> = texts.by
  const method = methods[String(event.detail?.['method'])]
  const app = event.clientId === undefined || event.clientId === ACCOUNT_CLIENT_ID ? undefined : event.clientId
  const client = app === undefined ? undefined : await clients.find(app)
  const name = typeof client?.metadata['client_name'] === 'string' ? client.metadata['client_name'] : app
  const about = [method, name === undefined ? undefined : foreign(name)].filter((one) => one !== undefined)
  const what = html`${words[event.type] ?? event.type}${about.map((one) => html`<span class="small"> · ${one}</span>`)}`
  const address = event.address === undefined ? '' : html`<bdi dir="ltr">${event.address}</bdi>`
  return [what, datesOf(visit).element(event.at), address]
}
