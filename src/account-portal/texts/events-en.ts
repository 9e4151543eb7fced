/** The English descriptions of audit events on the activity page. */

/** Events without an entry are not shown: they are about the traffic between apps and server. */
export const EVENTS = {
  'sign_in.succeeded': 'You proved who you are',
  'sign_in.failed': 'Somebody tried to sign in as you and was refused',
  'password.changed': 'Your password was changed',
  'password.reset': 'A new password was set',
  'factor.added': 'A way to sign in was set up',
  'factor.renamed': 'A way to sign in got another name',
  'factor.removed': 'A way to sign in was removed',
  'email_code.requested': 'A mail with a code was asked for',
  'email_code.accepted': 'A code or link from a mail was used',
  'email_code.refused': 'A code or link from a mail was refused',
  'session.ended': 'A session ended',
  'session.others_ended': 'You signed out everywhere else',
  'account_page.refused': 'A form of these pages was refused: it did not come from here',
  'consent.granted': 'You let an app use your account',
  'consent.denied': 'You refused an app',
  'consent.withdrawn': 'The access of an app was taken back',
  'token.reused': 'A spent token of an app was used again: its access ended',
  'account.linked': 'A provider was linked to your account',
  'account.unlinked': 'The link to a provider was removed',
  'account.created': 'Your account was made',
  'account.updated': 'Your profile was changed',
  'account.enabled': 'Your account was enabled',
  'account.disabled': 'Your account was disabled',
}
