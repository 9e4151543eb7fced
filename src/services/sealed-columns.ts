/**
 * Lists every column that holds sealed values, for the rotation of master keys. Values of a column that is missing here
 * are lost when the master key that sealed them is removed.
 */
import type { SealedColumn } from '#sealing/sealed-column.ts'
import { SEALED_KEPT_MAILS } from '#mail/sealed-kept-mails.ts'
import { SEALED_PAYLOADS } from '#oidc/adapter/sealing.ts'
import { SEALED_SEEN_FROM } from '#oidc/sessions/seen-from.ts'
import { SEALED_EMAIL_CODES } from '#verification/email-code/sealed-codes.ts'
import { SEALED_EMAIL_VERIFICATIONS } from '#verification/email-verification/sealed-email-verifications.ts'
import { SEALED_CREDENTIALS } from '#federation/credentials.ts'
import { SEALED_UPSTREAM_REQUESTS } from '#federation/requests.ts'
import { SEALED_PASSWORDS } from '#sign-in/password/sealed-passwords.ts'
import { SEALED_TOTP_SECRETS } from '#sign-in/totp/sealed-secrets.ts'
import { SEALED_USER_CODES } from '#sign-in/user-code/user-code-store.ts'
import { SEALED_PRIVATE_PARTS } from '#signing-keys/key-changes.ts'
import { SEALED_PEPPER } from '#sealing/master-key-store.ts'

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  SEALED_PEPPER,
  SEALED_PRIVATE_PARTS,
  SEALED_KEPT_MAILS,
  SEALED_EMAIL_CODES,
  SEALED_EMAIL_VERIFICATIONS,
  SEALED_CREDENTIALS,
  ...SEALED_UPSTREAM_REQUESTS,
  SEALED_PASSWORDS,
  ...SEALED_TOTP_SECRETS,
  SEALED_USER_CODES,
  ...SEALED_PAYLOADS,
  SEALED_SEEN_FROM,
]
