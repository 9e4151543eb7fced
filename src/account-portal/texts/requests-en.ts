/** The English strings of the pages where a person answers sign-in requests. `name` is the app. */
import { foreign, host, strong } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { Catalogue } from '#pages/i18n/catalogue.ts'

export const requests = {
  lead: 'When an app asks you to approve a sign-in, you answer here.',
  empty: 'No sign-in request is waiting.',
  expires: (when: string) => `Expires ${when}`,
  title: (name: string) => `Sign in to ${name}?`,
  heading: (name: string) => html`Sign in to ${foreign(name)}?`,
  asks: (name: string, at: string, who: string) =>
    html`${strong(name)}${at === '' ? '' : html` (${host(at)})`} asks to sign you in as ${strong(who)}.`,
  message: 'The app must show you exactly this message:',
  wants: 'It wants to',
  once: 'It gets access for a short time, and has to ask you again after that.',
  question: 'Did you start this sign-in yourself?',
  warning:
    'If not, or if someone called or wrote to ask you to approve it, deny it: they may be trying to get into your account.',
  approve: 'Approve',
  deny: 'Deny',
  confirmFirst: 'This app asks for a stronger or more recent sign-in. Confirm that it is you before you approve.',
  confirm: 'Confirm that it is you',
  when: 'Asked',
  until: 'Expires',
  over: 'This request is over',
  overWords: 'It was answered before, or it took too long. If the app is still waiting, start again there.',
  all: 'See all sign-in requests',
  codeHeading: 'Code for sign-in requests',
  codeLead:
    'Some apps can ask you only if you tell them this code first. Tell it only to people and apps that you trust.',
  codeNone: 'You have no code, so those apps cannot ask you.',
  codeSince: (date: string) => `You have a code since ${date}. It is not shown again.`,
  code: 'New code',
  codeHelp: '4 to 64 characters. Do not use your password.',
  codeSet: 'Set code',
  codeChange: 'Change code',
  codeRemove: 'Remove the code',
  codeRemoveWords: 'Apps that need the code can no longer ask you to sign in.',
  codeLength: 'A code has 4 to 64 characters.',
} satisfies Catalogue
