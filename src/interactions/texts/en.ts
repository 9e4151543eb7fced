/** The English strings of the pages. */
import { html, type Html } from '#pages/design/html.ts'
import { foreign, host, strong } from '#pages/design/components.ts'
import type { Catalogue } from '#pages/i18n/catalogue.ts'
import { byMail } from './by-mail-en.ts'
import { device } from './device-en.ts'
import { upstream } from './upstream-en.ts'

/** `at` is the host or private scheme that the person will be sent to; empty if it is no longer known. */
function app(name: string, at: string): Html {
  return at === '' ? strong(name) : html`${strong(name)} at ${host(at)}`
}

const TOO_MANY = 'There were too many attempts. Wait a while before you try again.'

export const en = {
  signIn: {
    title: 'Sign in',
    asks: (name: string, at: string) =>
      at === '' ? html`To connect ${strong(name)} on your device.` : html`You will go on to ${app(name, at)}.`,
    again: (name: string, at: string) => html`${app(name, at)} asks you to sign in once more.`,
    identifier: 'E-mail address',
    password: 'Password',
    submit: 'Sign in',
    cancel: (name: string) => html`Back to ${foreign(name)}`,
    identifierMissing: 'Enter your e-mail address.',
    passwordMissing: 'Enter your password.',
    mismatch: 'That e-mail address and password do not match. Check both and try again.',
    passkey: 'That passkey could not be used. Try again, or sign in another way.',
    passkeyChanged:
      "We didn't accept that passkey because it has changed since you added it. Sign in another way, then replace it on your account page.",
    busy: 'Many people are signing in at this moment. Wait a few seconds and try again.',
    tooMany: TOO_MANY,
    passkeyTitle: 'Confirm with your passkey',
    passkeyAsks: (name: string, who: string) => html`${strong(name)} wants to be surer that it is you, ${strong(who)}.`,
    passkeyNeedsScript:
      'A passkey needs JavaScript and a browser that knows passkeys. Allow it for this page and load it again, or start over in another browser.',
    stale: 'This page was open for too long, or your browser did not keep its cookie. Please sign in again.',
    errorPrefix: 'Error',
  },
  code: {
    app: {
      title: 'Enter your code',
      asks: (who: string) =>
        html`Open your authenticator app and enter the six digits that it shows for ${strong(who)}.`,
      label: 'Code',
      missing: 'Enter the six digits.',
      mismatch: 'That code is not right, or it was used before. Wait for the next one and try again.',
      locked:
        'Your authenticator app is locked after 100 wrong codes in a row. Use another way below, or ask the people who run this service to unlock it.',
      other: 'Use a recovery code instead',
    },
    recoveryCode: {
      title: 'Enter a recovery code',
      asks: (who: string) => html`One of the codes that you put aside for ${strong(who)}. Each of them works once.`,
      label: 'Recovery code',
      missing: 'Enter one of your recovery codes.',
      mismatch: 'That recovery code is not right, or it was used before. Check it, or try another one.',
      locked:
        'Your recovery codes are locked after 100 wrong codes in a row. Use another way below, or ask the people who run this service to unlock them.',
      other: 'Use your authenticator app instead',
    },
    submit: 'Continue',
    restart: 'Use another account',
    cancel: (name: string) => html`Back to ${foreign(name)}`,
    stale: 'This page was open for too long, or your browser did not keep its cookie. Please enter the code again.',
    busy: 'Many people are signing in at this moment. Wait a few seconds and try again.',
    tooMany: TOO_MANY,
    errorPrefix: 'Error',
  },
  byMail,
  mailCode: {
    title: 'Confirm that it is you',
    asks: (who: string) =>
      html`We know your account ${strong(who)}, but we can't tell whether it was you who signed in just now. We can send
      a code to your e-mail address.`,
    sent: (who: string) => html`A code is on its way to ${strong(who)}. Enter it here.`,
    unavailable:
      "We know your account, but we can't tell whether it was you who signed in just now, and this server can't send you a code by mail. Go back and sign in another way, or ask the people who run this service for help.",
  },
  upstream,
  unmet: {
    title: 'This needs a stronger sign-in',
    passkey: (name: string) => html`${strong(name)} asks for a passkey, and your account has none.`,
    more: (name: string) => html`${strong(name)} asks for a second step, and your account has none.`,
    words: 'Add one to your account, then try again.',
    back: (name: string) => html`Back to ${foreign(name)}`,
  },
  consent: {
    title: (name: string) => `Give ${name} access?`,
    heading: (name: string) => html`Give ${foreign(name)} access?`,
    asks: (name: string, at: string, who: string) => html`${app(name, at)} asks you, ${strong(who)}, to let it:`,
    allow: 'Allow',
    deny: 'Not now',
    askedEachTime: (at: string) => html`Either way you go back to ${host(at)}, and are asked again each time.`,
    remembered: (at: string) =>
      at === ''
        ? html`You are asked again only if the app wants more.`
        : html`Either way you go back to ${host(at)}, and are asked again only if the app wants more.`,
    policy: "The app's privacy policy",
    terms: "The app's terms of use",
    stale: 'This page was open for too long, or your browser did not keep its cookie. Please decide again.',
    changed: 'This app has changed what it says about itself. Please look at it again.',
    nothing: 'Nothing was ticked. Tick what the app may do, or choose “Not now”.',
    published: (at: string) =>
      html`Unverified: this app describes itself at ${host(at)}, and nobody here has checked more than that address. Go
      on only if you trust it.`,
    loopback: 'This app runs on your own device. Go on only if you started it.',
    whileSignedIn: 'It has access while you are signed in in this browser.',
    notYou: 'Not you? Use another account',
  },
  device,
  continue: {
    heading: "You're signed in",
    asks: (name: string, at: string, who: string) =>
      html`${app(name, at)} wants to continue with your account, ${strong(who)}.`,
    submit: (name: string) => html`Continue to ${foreign(name)}`,
    title: (name: string) => `Continue to ${name}`,
    stop: 'Continue only if you just opened this app. If you did not, close this page.',
    stale: 'This page was open for too long, or your browser did not keep its cookie. Please try again.',
  },
  selectAccount: {
    title: 'Choose an account',
    submit: (who: string) => html`Continue as ${foreign(who)}`,
    another: 'Use another account',
    cancel: (name: string) => html`Back to ${foreign(name)}`,
    stale: 'This page was open for too long, or your browser did not keep its cookie. Please choose again.',
  },
  lost: {
    expired: {
      title: 'This page waited too long',
      words: 'For your safety a sign-in must be finished within an hour. Nothing has happened to your account.',
    },
    unknown: {
      title: 'This sign-in is over',
      words: 'It was finished before, perhaps in another tab or before you went back. Nothing more is to be done here.',
    },
    foreign: {
      title: 'This sign-in began elsewhere',
      words:
        'It was begun in another browser, or the cookies of this one were deleted since. It can only go on where it began.',
    },
    again: 'Start again',
    back: (name: string) => html`Back to ${foreign(name)}`,
    open: (name: string, at: string) => html`To go on, open ${app(name, at)} again and sign in from there.`,
    openSome: 'To go on, open the app again and sign in from there.',
  },
  signOut: {
    title: 'Sign out?',
    words: (who: string | undefined) =>
      who === undefined
        ? html`You will be signed out in this browser, for every app that you use with this account.`
        : html`You, ${strong(who)}, will be signed out in this browser, for every app that you use with this account.`,
    byApp: (name: string) => html`${strong(name)} asks for this.`,
    submit: 'Sign out',
    stay: 'To stay signed in, just close this page.',
    done: 'You are signed out',
    doneWords: 'You can close this page.',
    doneApps: 'Your apps are being signed out too. If nothing happens, choose Continue.',
    goOn: 'Continue',
    doneBack: (name: string) => html`You can close this page, or open ${strong(name)} again.`,
  },
  formPost: {
    title: 'Back to the app',
    words: (name: string) => html`You are being returned to ${strong(name)}. If nothing happens, choose Continue.`,
    submit: 'Continue',
  },
  error: {
    titles: {
      request: 'This request cannot go on',
      access: 'Access was refused',
      notFound: 'There is no such page',
      tooMuch: 'That is too much text',
      cookies: 'Your browser sent too much data',
      busy: 'Not available at this moment',
      server: 'Something broke on our side',
    },
    words: {
      request:
        'The app you came from sent something that is not right. Go back to it and try again. If that does not help, tell the people who run the app what stands below.',
      access: 'What you asked for is not allowed here. Go back to the app and try another way.',
      tooMuch: 'Go back, shorten what you entered and send it again.',
      cookies: 'Delete the cookies of this site, then go back to the app and try again.',
      notFound: 'The address may be mistyped, or the page has moved.',
      busy: 'We cannot answer just now. Nothing is lost: wait a few seconds and load this page again.',
      server: 'It is not your doing. Try again in a moment; if it stays so, tell us the request id below.',
    },
    unregistered: {
      title: 'This app is not set up correctly',
      words: (name: string) =>
        html`${strong(name)} asked us to return you to an address that is not registered for it. Your account is not
        affected. Give the app’s developer the details below.`,
      sent: 'Address sent',
      registered: 'Registered addresses',
      none: 'none',
      nearest: 'Closest match',
      command: 'Command to register it',
    },
    home: 'Go to the start page',
    code: 'Error',
    detail: 'Detail',
    requestId: 'Request',
  },
  home: {
    title: 'Signet',
    heading: 'One account for your apps',
    words: 'This server signs people in for apps, and gives machines their access tokens.',
    personal: 'Here you sign in once and decide what each app may do.',
    links: {
      account: 'Your account',
      console: 'Console for administrators',
      docs: 'Documentation',
      discovery: 'Discovery document',
    },
  },
} satisfies Catalogue

export type InteractionTexts = typeof en
