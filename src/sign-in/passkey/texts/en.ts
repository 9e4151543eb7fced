/** The English strings of the passkey parts. */
import type { Catalogue } from '#pages/i18n/catalogue.ts'

export const en = {
  signIn: {
    submit: 'Sign in with a passkey',
    failed: 'No passkey was used. Try again, or sign in another way.',
  },
  add: {
    name: 'Name',
    nameHelp: 'By which you will know it again, such as the name of the device.',
    suggestion: 'Passkey',
    submit: 'Add a passkey',
    failed: 'No passkey was added. Try again when you are ready.',
    known: 'This device has a passkey for your account already.',
    without: 'This browser cannot make passkeys. Open this page in another one, or on your phone.',
  },
  list: {
    empty: 'You have no passkey yet. With one you sign in by your fingerprint, your face or the PIN of your device.',
    synced: 'On your synced devices',
    single: 'On one device',
    added: (date: string) => `Added on ${date}`,
    used: (date: string) => `Last used on ${date}`,
    unused: 'Not used yet',
    changed: (date: string) => `Refused on ${date} because it had changed`,
    replace: (name: string) => `Replace ${name}`,
    replacing:
      "This passkey's response doesn't match its earlier ones: its device may have been reset, or someone may have a copy. Add a new passkey below, then remove this one.",
    rename: (name: string) => `Rename ${name}`,
    newName: 'New name',
    save: 'Save name',
    remove: (name: string) => `Remove ${name}`,
    removing: 'You cannot sign in with it any more. Where it is kept, it may have to be deleted too.',
    removeIt: 'Remove passkey',
  },
} satisfies Catalogue

export type PasskeyTexts = typeof en
