/** The claims of scopes, accounts and access tokens. */
import type {
  AccessToken,
  Account as EngineAccount,
  ClientCredentials,
  Configuration,
  KoaContextWithOIDC,
} from 'oidc-provider'
import type { Account, Accounts } from '#accounts/account.ts'
import { idTokenClaimsOf } from '#clients/id-token-claims.ts'
import { PAIRWISE_PREFIX, type Subjects } from '#clients/subjects.ts'
import { clientOf } from '../engine/clients.ts'
import { orUnavailable } from '../adapter/errors.ts'
import type { Grants } from '../grants/registry.ts'

/** The claims of each scope (OpenID Connect Core §5.4). `auth_time`, `acr` and `amr` are in every ID token. */
export const CLAIMS: NonNullable<Configuration['claims']> = {
  openid: ['sub', 'auth_time', 'acr', 'amr'],
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
}

/**
 * Returns the engine's account lookup, by account id or by the pairwise subject of a hint. It reads PostgreSQL each time
 * and does not find disabled accounts.
 */
export function findAccount(accounts: Accounts, subjects: Subjects) {
  return async (ctx: KoaContextWithOIDC, id: string): Promise<EngineAccount | undefined> => {
    const { client } = ctx.oidc
    const accountId = client && id.startsWith(PAIRWISE_PREFIX) ? subjects.accountOf(id, clientOf(client)) : id
    const account = accountId === undefined ? undefined : await orUnavailable(() => accounts.read(accountId))
    if (account?.status !== 'enabled') return undefined
    return {
      accountId: account.id,
      claims: (use, _scope, asked) =>
        use === 'id_token' && isMinimal(ctx) ? onlyAsked(standardClaims(account), asked) : standardClaims(account),
    }
  }
}

function isMinimal({ oidc: { client } }: KoaContextWithOIDC): boolean {
  return client !== undefined && idTokenClaimsOf(clientOf(client)) === 'minimal'
}

/** Returns the subject and the claims that the request named one by one (OpenID Connect Core §5.5). */
function onlyAsked(claims: StandardClaims, asked: Readonly<Record<string, unknown>>): StandardClaims {
  const kept = Object.entries(claims).filter(([name]) => Object.hasOwn(asked, name))
  return { ...Object.fromEntries(kept), sub: claims.sub }
}

interface StandardClaims {
  sub: string
  [claim: string]: unknown
}

function standardClaims(account: Account): StandardClaims {
  return {
    ...account.claims,
    sub: account.id,
    ...(account.name === undefined ? {} : { name: account.name }),
    email: account.email,
    email_verified: account.emailVerified,
    updated_at: Math.floor(account.updatedAt.getTime() / 1000),
  }
}

/** Returns the additional claims of access tokens: how the person signed in, and the status. */
export function accessTokenClaims(statusOf: StatusOf, grants: Grants) {
  return async (ctx: KoaContextWithOIDC, token: AccessToken | ClientCredentials): Promise<Record<string, unknown>> => ({
    ...authenticationClaims(ctx, grants),
    // an opaque token has a row, so introspection shows its status
    ...(token.aud === undefined ? {} : await orUnavailable(() => statusOf(token))),
  })
}

/** Returns the `status` claim (Token Status List §6.1) of a token's grant or, for a machine, of its client. */
export type StatusOf = (token: AccessToken | ClientCredentials) => Promise<Record<string, unknown>>

/** Returns how the person signed in (RFC 9068 §2.2.1); undefined when no person is involved. */
function authenticationClaims(ctx: KoaContextWithOIDC, grants: Grants): Record<string, unknown> | undefined {
  const grant = grants.of(ctx)
  const source = grant?.authorize === undefined && grant?.signIn ? ctx.oidc.entities[grant.signIn] : undefined
  if (!source) return undefined
  return { auth_time: source.authTime, acr: source.acr, amr: source.amr }
}
