/** The English strings of the page for a lost passkey or authenticator app. */
import { html } from '#pages/design/html.ts'
import { strong } from '#pages/design/components.ts'
import type { Catalogue } from '#pages/i18n/catalogue.ts'

export const lost = {
  nothing: 'You have no passkey and no authenticator app, so your usual sign-in is enough to change your account.',
  recovery: 'Use a recovery code',
  recoveryLead: 'You saved these codes when you set up your authenticator app. Each one works once.',
  recoveryCode: 'Recovery code',
  recoveryWrong: 'That code is wrong or was used before.',
  other: 'Sign in with your password and authenticator app',
  otherLead: 'If you only lost your passkey, these two are enough.',
  otherSubmit: 'Sign in again',
  mail: 'Use your password and a code by mail',
  mailLead: (hours: number) =>
    `This takes ${hours} hours, so that you notice if someone else asks for it. Then come back and repeat this step.`,
  readyLead: 'The waiting time is over. Confirm once more, then replace what you lost.',
  password: 'Password',
  passwordWrong: 'That is not your password.',
  send: 'Send code',
  sent: (address: string) => html`A code is on its way to ${strong(address)}. It works once, and for ten minutes.`,
  code: 'Code',
  codeWrong: 'That code is wrong or has expired. Check it, or ask for another one.',
  confirm: 'Confirm',
  waiting: (until: string) =>
    `There is a request to change this account without the lost passkey or app. It can go ahead from ${until}.`,
  cancel: 'Cancel the request',
  support: 'None of your other sign-in methods can replace it. Ask the people who run this service for help.',
} satisfies Catalogue
