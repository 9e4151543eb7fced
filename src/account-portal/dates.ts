/** Formats dates in the person's language and time zone, or in UTC if the account has no time zone. */
import type { Html } from '#pages/design/html.ts'
import { time } from '#pages/design/work-components.ts'
import type { Visit } from './visit.ts'

const UTC = 'UTC'

export interface Dates {
  day(at: Date): string
  moment(at: Date): string
  /** Returns a `time` element, which machines can read too. */
  element(at: Date): Html
}

export function datesOf({ account, language }: Pick<Visit, 'account' | 'language'>): Dates {
  const { zoneinfo } = account.claims
  // it was validated when it was set
  const timeZone = typeof zoneinfo === 'string' ? zoneinfo : UTC
  const days = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone })
  const moments = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const moment = (at: Date) => moments.format(at) + (timeZone === UTC ? ` ${UTC}` : '')
  return { day: (at) => days.format(at), moment, element: (at) => time(at, moment(at)) }
}
