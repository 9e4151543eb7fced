/** `/account/linked`: the providers by which a person signs in here, and the end of such a link. */
import { html } from 'hono/html'
import { button, foreign, hidden } from '#http/design/components.ts'
import { ask, rows, type Row, sheet } from '#http/design/work-components.ts'
import type { Federated } from '#sign-in/federated/federated.ts'
import { datesOf } from '../dates.ts'
import type { Frame } from '../frame.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Section, Visit } from '../visit.ts'

export interface LinkedDeps {
  readonly frame: Frame
  readonly federated: Pick<Federated, 'links' | 'unlink'>
}

type Link = Awaited<ReturnType<Federated['links']>>[number]

export function createLinked({ frame, federated }: LinkedDeps): Section {
  return {
    name: 'linked',
    isGuarded: () => true,

    async show(visit, again) {
      const texts = TEXTS[visit.language].linked
      const links = await federated.links(visit.account.sub)
      const content =
        links.length === 0
          ? sheet(html`<p>${texts.empty}</p>`)
          : html`<p>${texts.lead}</p>
              ${visit.isFresh ? '' : frame.confirm(visit, 'linked')}
              ${sheet(rows(links.map((link) => row(frame, visit, link))))}`
      await frame.send(visit, { name: 'linked', again, content })
    },

    async answer({ account, by }, form) {
      const link = { upstream: form.one('upstream') ?? '', subject: form.one('subject') ?? '' }
      await federated.unlink(account.sub, link, by)
      return 'unlinked'
    },
  }
}

function row(frame: Frame, visit: Visit, { name, upstream, subject, linkedAt, lastUsedAt }: Link): Row {
  const texts = TEXTS[visit.language].linked
  const dates = datesOf(visit)
  const facts = [texts.since(dates.day(linkedAt)), ...(lastUsedAt ? [texts.used(dates.day(lastUsedAt))] : [])]
  const act = html`<p>${texts.removeWords}</p>
    ${frame.form(
      visit,
      'linked',
      html`${hidden('upstream', upstream)}${hidden('subject', subject)}${button({
        label: texts.remove(name),
        kind: 'danger',
      })}`,
    )}`
  return { name: foreign(name), facts, ...(visit.isFresh ? { acts: ask(texts.remove(name), act) } : {}) }
}
