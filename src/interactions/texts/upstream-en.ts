/** The English strings about upstream providers. `name` is the provider's name, `who` an e-mail address. */
import { foreign, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { Catalogue } from '#pages/i18n/catalogue.ts'

export const upstream = {
  go: (name: string) => html`Continue with ${foreign(name)}`,
  back: 'Sign in another way',
  accept: 'Sign in and link',
  decline: 'Sign in without linking',
  someProvider: 'The provider',
  titles: {
    led: (name: string) => `${name} signs you in`,
    offer: () => 'You already have an account here',
    cancelled: (name: string) => `You did not sign in with ${name}`,
    refused: (name: string) => `${name} could not sign you in`,
    no_account: () => 'No account is linked to you',
    no_email: () => 'Your e-mail address is not confirmed',
    unavailable: (name: string) => `${name} does not answer`,
    login_required: (name: string) => `${name} did not sign you in`,
  },
  words: {
    led: (name: string, who: string) => html`${strong(who)} is an address that ${strong(name)} looks after.`,
    offer: (name: string, who: string) =>
      html`There is an account with the address ${strong(who)}. Sign in to it once in the usual way, and from then on
      you can use ${strong(name)} too.`,
    cancelled: (name: string) => html`You came back from ${strong(name)} without signing in. Nothing has changed.`,
    refused: (name: string) =>
      html`What ${strong(name)} sent back could not be used: it was used before, came too late or is not right. Try
      again, or sign in another way.`,
    no_account: (name: string) =>
      html`You signed in with ${strong(name)}, but nobody has an account here by that. Sign in another way, or ask the
      people who run this service for an account.`,
    no_email: (name: string) =>
      html`${strong(name)} has not confirmed that your e-mail address is yours, and without that no account can be found
      or made. Confirm it there and try again, or sign in another way.`,
    login_required: (name: string) =>
      html`${strong(name)} needs you to sign in there or to agree to something first, but did not ask you to. Open
      ${strong(name)}, sign in and try again, or sign in another way.`,
    unavailable: (name: string) =>
      html`${strong(name)} cannot be reached at this moment. Try again in a while, or sign in another way.`,
  },
} satisfies Catalogue
