/** The rules for sign-out requests (RP-Initiated Logout 1.0): which ask no question, and which lead nowhere afterwards. */
import { decodeJwt } from 'jose'
import type { Middleware } from 'koa'
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Subjects } from '#clients/subjects.ts'
import { clientOf } from '../engine/clients.ts'
import { confirmSignOut } from '../engine/internals.ts'
import { ROUTES } from '../engine/routes.ts'

/**
 * Drops a hint that cannot be verified, and with it the app and its redirect URI (§2). The person is asked, and stays
 * here afterwards. The engine would show an error that offers no way to sign out.
 */
export function dropUnverifiedHints(provider: Provider): Middleware {
  return async (ctx, next) => {
    const { id_token_hint: hint, ui_locales: uiLocales } = ctx.query
    // a hint that is sent twice is left to the engine, which refuses it
    if (ctx.path === ROUTES.end_session && typeof hint === 'string' && hint !== '') {
      if (!(await isVerified(provider, hint))) ctx.query = uiLocales === undefined ? {} : { ui_locales: uiLocales }
    }
    await next()
  }
}

async function isVerified(provider: Provider, hint: string): Promise<boolean> {
  const client = await provider.Client.find(audienceOf(hint))
  if (!client) return false
  try {
    await provider.IdToken.validate(hint, client)
    return true
  } catch {
    return false
  }
}

function audienceOf(hint: string): string {
  try {
    return String(decodeJwt(hint).aud)
  } catch {
    return ''
  }
}

/**
 * Signs the person out without a question if the hint shows that the app knows this session: the app has an
 * authorization in it, and `sub` (and `sid` if present) are those of the session. Returns false otherwise. The engine
 * has verified the hint.
 */
export async function signOutAtOnce(ctx: KoaContextWithOIDC, subjects: Subjects): Promise<boolean> {
  if (!isOfThisSession(ctx.oidc, subjects)) return false
  await confirmSignOut(ctx)
  return true
}

function isOfThisSession({ client, entities, session }: KoaContextWithOIDC['oidc'], subjects: Subjects): boolean {
  const { payload } = (entities['IdTokenHint'] ?? {}) as { payload?: { sub?: unknown; sid?: unknown } }
  const authorization = client && session?.authorizations?.[client.clientId]
  if (!payload || !authorization || session.accountId === undefined) return false
  const subject = subjects.of(session.accountId, clientOf(client))
  return payload.sub === subject && (payload.sid === undefined || payload.sid === authorization.sid)
}
