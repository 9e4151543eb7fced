/** The routes of the example app: its page, and sign-in, refresh and sign-out. */
import type { Context } from 'koa'
import * as client from 'openid-client'
import { failedPage, signedInPage, signedOutPage, STYLE } from './page.ts'
import { createSessions, remember, takePending, type Session } from './sessions.ts'
import { fromTokens, readPosts, refresh, type AppOptions } from './tokens.ts'

const COOKIE = 'example_app'
const SCOPE = 'openid profile email offline_access posts:read'

export type Handler = (ctx: Context) => Promise<void> | void

/** The session of a request's browser. */
interface BrowserSessions {
  of(ctx: Context): Session | undefined
  begin(ctx: Context): Session
  end(ctx: Context): Session | undefined
}

/** By method and path. */
export function createRoutes(options: AppOptions, config: client.Configuration): Record<string, Handler> {
  const sessions = createBrowserSessions(options.url.startsWith('https:'))
  return { ...pageRoutes(options, config, sessions), ...signInRoutes(options, config, sessions) }
}

function createBrowserSessions(secure: boolean): BrowserSessions {
  const sessions = createSessions()
  const of = (ctx: Context): Session | undefined => sessions.find(ctx.cookies.get(COOKIE))
  return {
    of,
    begin(ctx) {
      const session = sessions.create()
      ctx.cookies.set(COOKIE, session.id, { httpOnly: true, sameSite: 'lax', secure, overwrite: true })
      return session
    },
    end(ctx) {
      const session = of(ctx)
      if (session) sessions.remove(session)
      ctx.cookies.set(COOKIE, null, { overwrite: true })
      return session
    },
  }
}

type Routes = (options: AppOptions, config: client.Configuration, sessions: BrowserSessions) => Record<string, Handler>

const pageRoutes: Routes = (options, config, sessions) => ({
  'GET /style.css': (ctx) => {
    ctx.type = 'css'
    ctx.body = STYLE
  },

  'GET /': async (ctx) => {
    const session = sessions.of(ctx)
    const posts = session?.signedIn && (await readPosts(options, config, session))
    ctx.type = 'html'
    ctx.body =
      session?.signedIn && posts
        ? String(await signedInPage(session.signedIn, posts))
        : String(await signedOutPage(options.issuer))
  },

  'POST /refresh': async (ctx) => {
    const session = sessions.of(ctx)
    if (session) await refresh(options, config, session)
    ctx.status = 303
    ctx.redirect('/')
  },

  'POST /logout': (ctx) => {
    const session = sessions.end(ctx)
    const hint = session?.signedIn && { id_token_hint: session.signedIn.idToken }
    ctx.status = 303
    ctx.redirect(client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${options.url}/`, ...hint }).href)
  },
})

const signInRoutes: Routes = (options, config, sessions) => ({
  'GET /login': async (ctx) => {
    const codeVerifier = client.randomPKCECodeVerifier()
    const pending = { state: client.randomState(), nonce: client.randomNonce(), codeVerifier }
    remember(sessions.of(ctx) ?? sessions.begin(ctx), pending)
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: `${options.url}/callback`,
      scope: SCOPE,
      resource: options.api,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    })
    ctx.redirect(url.href)
  },

  'GET /callback': async (ctx) => {
    const session = sessions.of(ctx)
    const pending = takePending(session, ctx.URL.searchParams.get('state') ?? undefined)
    if (pending === undefined) return fail(ctx, 'This sign-in was begun elsewhere or too long ago.', 'no_such_sign_in')
    try {
      const tokens = await client.authorizationCodeGrant(config, new URL(`${options.url}${ctx.url}`), {
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        pkceCodeVerifier: pending.codeVerifier,
        idTokenExpected: true,
      })
      // Another name for the session: one that was there before the sign-in may be known to others.
      sessions.end(ctx)
      sessions.begin(ctx).signedIn = fromTokens(tokens)
      ctx.redirect('/')
    } catch (error) {
      await explain(ctx, error)
    }
  },
})

async function explain(ctx: Context, error: unknown): Promise<void> {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    const sentence = error.error === 'access_denied' ? 'You did not allow it.' : error.error_description
    return fail(ctx, sentence ?? 'The sign-in was refused.', error.error)
  }
  if (error instanceof client.ClientError) {
    return fail(ctx, 'The answer could not be verified.', error.code ?? 'invalid_response')
  }
  throw error
}

async function fail(ctx: Context, sentence: string, code: string): Promise<void> {
  ctx.status = 400
  ctx.type = 'html'
  ctx.body = String(await failedPage(sentence, code))
}
