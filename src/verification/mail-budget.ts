/** Limits the mails that others can cause to one address: six within an hour for each purpose. */
import { spellingKey } from '#accounts/email.ts'
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { createEmailCodeMailsStore } from './email-code/email-code-mails-store.ts'

/** Each purpose has a budget of its own, so that mails of one kind never keep those of another from a person. */
export type MailPurpose = 'email-code' | 'sign-in-request'

/**
 * Counts a mail to an address, in the transaction that queues it, whatever its spelling. If the limit is reached, counts
 * nothing and returns the seconds until the next mail is allowed.
 */
export type CountMail = (trx: Queryable, purpose: MailPurpose, address: string) => Promise<number | undefined>

export function createCountMail({ keyring }: { readonly keyring: Pick<Keyring, 'mac'> }): CountMail {
  return (trx, purpose, address) =>
    createEmailCodeMailsStore(trx).count(keyring.mac(`${purpose}-mails`, spellingKey(address)))
}
