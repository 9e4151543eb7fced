/** The English words for what an app asks for. */
import { foreign, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { Catalogue } from '#pages/i18n/catalogue.ts'

export const en = {
  aboutYou: 'About you',
  resource: (name: string, at: string) => html`${strong(name)} <span class="soft" dir="ltr">${at}</span>`,
  openidScopes: {
    openid: 'Recognize you',
    profile: 'See your name and profile',
    email: 'See your e-mail address',
    address: 'See your postal address',
    phone: 'See your phone number',
    offline_access: 'Keep this access while you are away',
  },
  detailMembers: {
    actions: 'What it may do',
    datatypes: 'Kinds of data',
    identifier: 'On',
    privileges: 'With the rights',
  },
  yes: 'yes',
  no: 'no',
  keeps: (days: number) => `It keeps access until you take it back in your account, for ${days} days at most.`,
  unverified: (name: string) =>
    html`Unverified: nobody here has checked who is behind ${foreign(name)}. Go on only if you know where it comes from.`,
} satisfies Catalogue

export type AskedTexts = typeof en
