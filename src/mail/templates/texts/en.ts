/** The texts of mails in English. */
import type { FactorChange, MailTemplates } from '../mail-template.ts'

const CHANGES: Readonly<Record<FactorChange, string>> = {
  password_changed: 'Your password was changed',
  password_reset: 'Your password was reset',
  invitation_accepted: 'Your invitation was accepted',
  passkey_added: 'A passkey was added',
  passkey_removed: 'A passkey was removed',
  passkey_changed: 'A passkey was refused because it has changed',
  totp_added: 'An authenticator app was added',
  totp_removed: 'The authenticator app was removed',
  recovery_codes_made: 'New recovery codes were made',
  recovery_code_used: 'A recovery code was used',
  totp_locked: 'Your authenticator app was locked after 100 wrong codes',
  recovery_codes_locked: 'Your recovery codes were locked after 100 wrong codes',
  email_changed: 'Your e-mail address was changed',
  lost_factor_requested: 'A change without your passkey or authenticator app was requested',
  upstream_linked: 'Another way to sign in was linked',
  upstream_unlinked: 'A linked way to sign in was removed',
}

const ADVICE: Readonly<Partial<Record<FactorChange, string>>> = {
  lost_factor_requested:
    'If you asked for this, wait until the time shown on the page. If you did not, sign in, cancel the request on that page and change your password.',
}

const once = (minutes: number) => `The code and the link work once, and for ${minutes} minutes.`

const NOT_YOU =
  'If that was not you, open your account, end all other sessions and change your password. If you cannot sign in any more, reset your password first.'

export const en: MailTemplates = {
  verify_email: ({ code, path, minutes }, { brand, host, link }) => ({
    subject: `Confirm your e-mail address for ${brand}`,
    heading: 'Confirm your e-mail address',
    paragraphs: ['Type this code where you were asked for it:'],
    code,
    action: { before: 'Or open this page:', label: 'Confirm e-mail address', url: link(path) },
    after: once(minutes),
    why: `You get this mail because this address was entered at ${brand} (${host}).`,
    notYou: 'If that was not you, do nothing: without the code or the link nothing happens.',
  }),
  reset_password: ({ code, path, minutes }, { brand, host, link }) => ({
    subject: `Choose a new password for ${brand}`,
    heading: 'Choose a new password',
    ...(code === undefined
      ? {
          paragraphs: ['Somebody who looks after the accounts here asks you to choose a new password.'],
          action: { label: 'Choose a new password', url: link(path) },
          after: `The link works once, and for ${minutes} minutes.`,
        }
      : {
          paragraphs: ['Type this code where you were asked for it:'],
          code,
          action: { before: 'Or open this page:', label: 'Choose a new password', url: link(path) },
          after: once(minutes),
        }),
    why: `You get this mail because a new password was asked for at ${brand} (${host}).`,
    notYou:
      'If that was not you, do nothing: your password stays as it is. Nobody will ever ask you for this code by phone or message.',
  }),
  reset_later: ({ from }, { brand, host, date }) => ({
    subject: `You can't reset your password for ${brand} yet`,
    heading: "You can't reset your password yet",
    paragraphs: [
      'The e-mail address of your account was changed recently. To protect the account, a password reset has to wait.',
      `You can reset it from ${date(from)}.`,
    ],
    after: 'Please ask again then. If you still know your password, you can sign in as usual.',
    why: `You get this mail because somebody asked for a new password at ${brand} (${host}).`,
    notYou: 'If that was not you, do nothing: your password stays as it is.',
  }),
  confirm_identity: ({ code, minutes }, { brand, host }) => ({
    subject: `Your code for ${brand}`,
    heading: 'Confirm that it is you',
    paragraphs: ['Enter this code on the page that asked for it:'],
    code,
    after: `The code works once, and for ${minutes} minutes.`,
    why: `You get this mail because somebody is signing in to your account at ${brand} (${host}), or wants to change it.`,
    notYou:
      'If that was not you, do not give this code to anyone. Somebody else may be able to sign in as you: open your account, end all other sessions and change your password.',
  }),
  factor_changed: ({ change, name, at, address, device, path }, { brand, host, link, date }) => ({
    subject: `${CHANGES[change]} at ${brand}`,
    heading: CHANGES[change],
    paragraphs: [ADVICE[change] ?? []].flat(),
    facts: [
      ['Name', name],
      ['When', date(at)],
      ['From', address],
      ['Device', device],
    ],
    action: { label: 'See your account', url: link(path) },
    why: `You get this mail because ${brand} (${host}) tells you of every change to how you sign in.`,
    notYou: NOT_YOU,
  }),
  new_browser: ({ at, address, device, path }, { brand, host, link, date }) => ({
    subject: `New sign-in at ${brand}`,
    heading: 'You signed in with a new browser',
    paragraphs: [],
    facts: [
      ['When', date(at)],
      ['From', address],
      ['Device', device],
    ],
    action: { label: 'See where you are signed in', url: link(path) },
    why: `You get this mail because ${brand} (${host}) tells you about each sign-in with a browser that it does not know.`,
    notYou: NOT_YOU,
  }),
  sign_in_request: ({ app, message, at, path, minutes }, { brand, host, link, date }) => ({
    subject: `Sign-in request at ${brand}`,
    heading: 'An app asks you to sign in',
    paragraphs: [
      message === undefined
        ? 'Approve this only if you started it yourself.'
        : 'Approve this only if you started it yourself, and the app shows you the same message.',
    ],
    facts: [
      ['App', app],
      ['Message', message],
      ['When', date(at)],
    ],
    action: { label: 'Review the request', url: link(path) },
    after: `Opening the page approves nothing. The request expires in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`,
    why: `You get this mail because an app asked ${brand} (${host}) to sign you in.`,
    notYou: 'If you did not start this, deny the request or do nothing: it expires, and the app gets no access.',
  }),
  account_exists: ({ path }, { brand, host, link }) => ({
    subject: `You already have an account at ${brand}`,
    heading: 'You already have an account',
    paragraphs: ['Somebody tried to make an account with this address. There is one already, and nothing was changed.'],
    action: { label: 'Sign in', url: link(path) },
    after: 'If you forgot your password, you can choose a new one there.',
    why: `You get this mail because this address was entered at ${brand} (${host}).`,
    notYou: 'If that was not you, do nothing: whoever it was learned nothing about your account.',
  }),
  invitation: ({ path, until, invitedBy }, { brand, host, link, date }) => ({
    subject: `Your invitation to ${brand}`,
    heading: `You are invited to ${brand}`,
    paragraphs: [
      invitedBy === undefined ? 'An account is waiting for you.' : `${invitedBy} invites you to make an account.`,
    ],
    action: { label: 'Accept the invitation', url: link(path) },
    after: `The link works once, until ${date(until)}.`,
    why: `You get this mail because somebody entered this address at ${brand} (${host}) to invite you.`,
    notYou: 'If you did not expect it, do nothing: without you there will be no account.',
  }),
  account_deleted: ({ at, address, device }, { brand, host, date }) => ({
    subject: `Your account at ${brand} was deleted`,
    heading: 'Your account was deleted',
    paragraphs: ['Your sessions have ended, and apps can no longer act for you.'],
    facts: [
      ['When', date(at)],
      ['From', address],
      ['Device', device],
    ],
    why: `You get this mail because there was an account with this address at ${brand} (${host}). It is the last one.`,
    notYou: `If that was not you, tell the people who run ${host} at once.`,
  }),
}
