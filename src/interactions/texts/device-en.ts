/** The English strings for connecting a device. `name` is the app on the device. */
import { foreign, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { Catalogue } from '#pages/i18n/catalogue.ts'

const START_AGAIN = 'Start again on your device to get a new code.'

export const device = {
  title: 'Connect a device',
  asks: 'Enter the code that your device shows.',
  carried: 'Does your device show exactly this code? If it does, continue.',
  label: 'Code',
  submit: 'Continue',
  warning:
    'Use only a code from a device in front of you. If someone sent you a code or a link, close this page: they may be trying to get into your account.',
  missing: 'Enter the code that your device shows.',
  unknown: 'We don’t know that code. Check your device and enter the code again.',
  expired: `That code has expired. ${START_AGAIN}`,
  decided: `That code was used before. ${START_AGAIN}`,
  tooMany: 'There were too many attempts. Wait a while before you try again.',
  stale: 'This page was open for too long, or your browser did not keep its cookie. Please try again.',
  errorPrefix: 'Error',
  compare: {
    title: (name: string) => `Connect ${name}?`,
    heading: (name: string) => html`Connect ${foreign(name)}?`,
    asks: (name: string) => html`A device that runs ${strong(name)} wants to use your account. It shows this code:`,
    asksWho: (name: string, who: string) =>
      html`A device that runs ${strong(name)} wants to use your account, ${strong(who)}. It shows this code:`,
    scopes: 'It wants to',
    from: 'Asked from',
    question: 'Did you start this yourself, on a device that you have in front of you?',
    warning: 'If someone sent you the code or a link, don’t connect.',
    allow: 'Yes, continue',
    deny: 'Don’t connect',
  },
  ends: {
    approved: {
      title: 'Your device is connected',
      words: (name: string) => html`Go back to ${strong(name)} on your device. You can close this page.`,
    },
    denied: {
      title: 'Nothing was connected',
      words: (name: string) => html`${strong(name)} on that device got no access. You can close this page.`,
    },
    expired: {
      title: 'This code has expired',
      words: (name: string) =>
        html`Nothing was connected. Start ${strong(name)} again on your device to get a new code.`,
    },
    decided: {
      title: 'This code was used before',
      words: (name: string) =>
        html`It was answered before, perhaps in another browser. If ${strong(name)} still waits on your device, start
        there again to get a new code.`,
    },
  },
  again: 'Enter another code',
} satisfies Catalogue
