/** Exports everything stored about a person as one JSON document (GDPR Articles 15 and 20). */
import type { Account } from '#accounts/account.ts'
import type { Audit } from '#audit/audit.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import type { UserCodes } from '#sign-in/user-code/user-codes.ts'

export interface CollectedDeps {
  readonly passwords: Pick<Passwords, 'state'>
  readonly passkeys: Pick<Passkeys, 'list'>
  readonly totp: Pick<Totp, 'state'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'left'>
  readonly userCodes: Pick<UserCodes, 'state'>
  readonly upstreamSignIn: Pick<UpstreamSignIn, 'links'>
  readonly accountAccess: Pick<AccountAccess, 'sessions' | 'consents'>
  readonly audit: Pick<Audit, 'list'>
}

/** The page size of the audit log. */
const EVENTS = 1000

/** Returns the data, with member names like the admin API's. Secrets are left out; only their dates are included. */
export async function collectData(deps: CollectedDeps, account: Account): Promise<Record<string, unknown>> {
  const { id: accountId } = account
  const [signIn, sessions, consents, events] = await Promise.all([
    waysIn(deps, accountId),
    deps.accountAccess.sessions(accountId),
    deps.accountAccess.consents(accountId),
    allEvents(deps.audit, accountId),
  ])
  return {
    account: {
      sub: accountId,
      email: account.email,
      email_verified: account.emailVerified,
      name: account.name ?? null,
      ...account.claims,
      status: account.status,
      created_at: account.createdAt,
      updated_at: account.updatedAt,
    },
    sign_in: signIn,
    sessions: sessions.map(({ uid, seenFrom, ...session }) => ({
      id: uid,
      address: seenFrom?.address ?? null,
      browser: seenFrom?.browser ?? null,
      system: seenFrom?.system ?? null,
      created_at: session.createdAt,
      signed_in_at: session.signedInAt ?? null,
      last_used_at: session.lastUsedAt ?? null,
      expires_at: session.expiresAt,
      client_ids: session.clientIds,
    })),
    apps: consents.map(({ clientId, openidScopes, resourceScopes, details, grantedAt }) => ({
      client_id: clientId,
      openid_scopes: openidScopes,
      resource_scopes: resourceScopes,
      authorization_details: details,
      granted_at: grantedAt,
    })),
    events,
  }
}

async function waysIn(deps: CollectedDeps, accountId: string): Promise<Record<string, unknown>> {
  const [password, passkeys, totp, codes, links, userCode] = await Promise.all([
    deps.passwords.state(accountId),
    deps.passkeys.list(accountId),
    deps.totp.state(accountId),
    deps.recoveryCodes.left(accountId),
    deps.upstreamSignIn.links(accountId),
    deps.userCodes.state(accountId),
  ])
  return {
    password: password ? { changed_at: password.updatedAt } : null,
    passkeys: passkeys.map(({ name, synced, createdAt, lastUsedAt }) => ({
      name,
      synced,
      created_at: createdAt,
      last_used_at: lastUsedAt ?? null,
    })),
    authenticator_app: totp ? { set_up_at: totp.confirmedAt, last_used_at: totp.lastUsedAt } : null,
    recovery_codes_left: codes,
    linked: links.map(({ name, subject, linkedAt, lastUsedAt }) => ({
      provider: name,
      subject,
      linked_at: linkedAt,
      last_used_at: lastUsedAt,
    })),
    user_code: userCode ? { set_at: userCode.updatedAt } : null,
  }
}

async function allEvents(audit: Pick<Audit, 'list'>, accountId: string): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  let before: string | undefined
  do {
    const page = await audit.list({ limit: EVENTS, accountId, ...(before === undefined ? {} : { before }) })
    all.push(
      ...page.map(({ at, type, outcome, address, clientId, reason, detail }) => ({
        at,
        type,
        outcome,
        ...(address === undefined ? {} : { address }),
        ...(clientId === undefined ? {} : { client_id: clientId }),
        ...(reason === undefined ? {} : { reason }),
        ...(detail === undefined ? {} : { detail }),
      })),
    )
    before = page.length === EVENTS ? page.at(-1)?.id : undefined
  } while (before !== undefined)
  return all
}
