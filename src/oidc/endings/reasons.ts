/** The reasons why sessions and grants end. The sets are closed, so subscribers can branch on them. */

export type SessionEndReason =
  | 'signed_out'
  | 'signed_out_elsewhere'
  | 'another_person_signed_in'
  | 'ended_by_person'
  | 'ended_by_administrator'
  | 'account_disabled'
  | 'account_deleted'
  | 'password_reset'
  | 'invitation_accepted'

/** A grant that ends with its session has the session's reason. */
export type GrantEndReason =
  | SessionEndReason
  | 'consent_withdrawn'
  | 'client_deleted'
  | 'token_revoked'
  | 'token_reused'
