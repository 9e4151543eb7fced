/** `/account/apps`: lists the access given to apps, and withdraws it (ASVS 10.4.9, 10.7.3). */
import { html, type Html } from '#pages/design/html.ts'
import type { Client, Clients } from '#clients/client.ts'
import { button, buttonLink, hidden } from '#pages/design/components.ts'
import { ask, rows, sheet, type Row } from '#pages/design/work-components.ts'
import type { AccountAccess, AccountConsent } from '#oidc/sessions/account-access.ts'
import { askedOfResources, openidInWords } from '#resources/asked/asked.ts'
import { detailList } from '#resources/asked/details.ts'
import { ASKED_TEXTS } from '#resources/asked/texts/texts.ts'
import type { Resources } from '#resources/resource.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Section, Visit } from '../visit.ts'

export interface AppsDeps {
  readonly issuer: string
  readonly layout: Layout
  readonly accountAccess: Pick<AccountAccess, 'consents' | 'withdrawConsent'>
  readonly clients: Pick<Clients, 'find'>
  readonly resources: Pick<Resources, 'find'>
}

export function createApps(deps: AppsDeps): Section {
  const { layout, accountAccess } = deps
  return {
    name: 'apps',

    async show(visit, again) {
      const texts = TEXTS[visit.language].apps
      const consents = await accountAccess.consents(visit.account.id)
      const listed = await Promise.all(consents.map((consent) => row(deps, visit, consent)))
      const content =
        listed.length === 0
          ? sheet(html`<p>${texts.empty}</p>`)
          : html`<p>${texts.lead}</p>
              ${sheet(rows(listed))}`
      await layout.send(visit, { name: 'apps', again, content })
    },

    async answer({ account, by }, form) {
      await accountAccess.withdrawConsent(account.id, form.one('app') ?? '', by)
      return 'appRemoved'
    },
  }
}

async function row(deps: AppsDeps, visit: Visit, consent: AccountConsent): Promise<Row> {
  const texts = TEXTS[visit.language].apps
  const client = await deps.clients.find(consent.clientId)
  const given = client?.metadata['client_name']
  const name = typeof given === 'string' ? given : consent.clientId
  const act = html`<p>${texts.removeWords(name)}</p>
    ${deps.layout.form(
      visit,
      'apps',
      html`${hidden('app', consent.clientId)}${button({ label: texts.remove(name), kind: 'danger' })}`,
    )}`
  return {
    name: html`<bdi>${name}</bdi>`,
    facts: client === undefined ? [texts.gone] : [],
    state: texts.since(datesOf(visit).day(consent.grantedAt)),
    acts: html`${await givenOf(deps, visit, { consent, client })}${opener(deps, client, texts.open(name))}${ask(texts.remove(name), act)}`,
  }
}

/** Returns the link that starts a sign-in at the app (OpenID Connect Core §4), where it is registered for that. */
function opener({ issuer }: AppsDeps, client: Client | undefined, label: Html): Html | string {
  const registered = client?.metadata['initiate_login_uri']
  if (client?.status !== 'enabled' || typeof registered !== 'string') return ''
  const url = new URL(registered)
  url.searchParams.set('iss', issuer)
  return html`<p>${buttonLink({ href: url.href, label })}</p>`
}

interface Given {
  readonly consent: AccountConsent
  readonly client: Client | undefined
}

/** Lists scopes and authorization details in the words of the consent page. */
async function givenOf({ resources }: AppsDeps, { language }: Visit, { consent, client }: Given): Promise<Html> {
  const requested = Object.entries(consent.resourceScopes).flatMap(([resource, scopes]) =>
    scopes.map((scope) => ({ value: scope, scope, resource })),
  )
  const ofResources = await askedOfResources(resources, requested, {
    details: consent.details,
    resources: client?.allowances.map(({ resource }) => resource) ?? [],
  })
  const lines = [
    ...openidInWords(consent.openidScopes, language),
    ...ofResources.flatMap(({ name, scopes }) => scopes.map(({ words }) => html`<bdi>${words}</bdi> (${name})`)),
  ]
  const details = ofResources.flatMap((resource) => resource.details)
  return html`<ul class="granted" role="list">
      ${lines.map((line) => html`<li>${line}</li>`)}
    </ul>
    ${detailList(details, ASKED_TEXTS[language])}`
}
