/** Shows new recovery codes, once. */
import { html } from '#pages/design/html.ts'
import { buttonLink } from '#pages/design/components.ts'
import { section } from '#pages/design/work-components.ts'
import type { Layout } from './layout.ts'
import { type Done, TEXTS } from './texts/texts.ts'
import type { SectionName, Visit } from './visit.ts'

/** Sends the page as the answer to the form that made the codes. It has no address of its own. */
export async function shownCodes(
  layout: Layout,
  visit: Visit,
  { name, codes, done }: { readonly name: SectionName; readonly codes: readonly string[]; readonly done: Done },
): Promise<void> {
  const texts = TEXTS[visit.language].recoveryCodes
  const list = html`<ul class="codes" dir="ltr" role="list">
      ${codes.map((code) => html`<li>${code}</li>`)}
    </ul>
    <div>${buttonLink({ href: layout.paths.section('recovery-codes'), label: texts.kept, kind: 'primary' })}</div>`
  const content = section({ id: 'codes', heading: texts.shown, lead: texts.shownLead, content: list })
  await layout.send(visit, { name, done, content })
}
