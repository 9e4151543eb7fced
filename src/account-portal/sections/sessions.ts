/** `/account/sessions`: lists the browsers where the person is signed in, and ends sessions (ASVS 7.5.2). */
import { html } from '#pages/design/html.ts'
import { button, hidden } from '#pages/design/components.ts'
import { rows, section, type Row } from '#pages/design/work-components.ts'
import { nameOfDevice } from '#http/device.ts'
import type { AccountAccess, AccountSession } from '#oidc/sessions/account-access.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Section, Visit } from '../visit.ts'

export interface SessionsDeps {
  readonly layout: Layout
  readonly accountAccess: Pick<AccountAccess, 'sessions' | 'endSession' | 'signOutElsewhere'>
}

export function createSessions({ layout, accountAccess }: SessionsDeps): Section {
  return {
    name: 'sessions',

    async show(visit, again) {
      const { account, language, session } = visit
      const texts = TEXTS[language].sessions
      const all = await accountAccess.sessions(account.id)
      const here = all.filter(({ uid }) => uid === session.uid)
      const others = all.filter(({ uid }) => uid !== session.uid)
      const listed = [...here, ...others].map((one) => row(layout, visit, one))
      const end = html`${hidden('act', 'others')}${button({ label: TEXTS[language].elsewhere.submit })}`
      const content = html`${section({ id: 'yours', heading: texts.yours, lead: texts.lead, content: rows(listed) })}
      ${section({
        id: 'others',
        heading: texts.others,
        lead: others.length === 0 ? texts.none : texts.othersLead,
        ...(others.length === 0 ? {} : { content: layout.form(visit, 'sessions', end) }),
      })}`
      await layout.send(visit, { name: 'sessions', again, content })
    },

    async answer({ account, by, session }, form) {
      if (form.one('act') === 'others') {
        await accountAccess.signOutElsewhere(account.id, session.uid, by)
        return 'othersEnded'
      }
      await accountAccess.endSession(account.id, form.one('session') ?? '', by)
      return 'sessionEnded'
    },
  }
}

function row(layout: Layout, visit: Visit, { uid, seenFrom, signedInAt, createdAt, lastUsedAt }: AccountSession): Row {
  const texts = TEXTS[visit.language]
  const dates = datesOf(visit)
  const name = (seenFrom && nameOfDevice(seenFrom)) ?? texts.layout.unknownDevice
  const address = seenFrom?.address
  const isHere = uid === visit.session.uid
  const facts = [
    texts.sessions.signedIn(dates.moment(signedInAt ?? createdAt)),
    ...(isHere || lastUsedAt === undefined ? [] : [texts.sessions.lastUsed(dates.moment(lastUsedAt))]),
    ...(address === undefined ? [] : [html`<bdi dir="ltr">${address}</bdi>`]),
  ]
  if (isHere) return { name, facts, state: texts.sessions.here }
  const end = button({ label: texts.sessions.endOf(name), kind: 'secondary' })
  return { name, facts, state: layout.form(visit, 'sessions', html`${hidden('session', uid)}${end}`) }
}
