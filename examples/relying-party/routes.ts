/** The routes of the example app: its page, and sign-in, refresh and sign-out. */
import type { Context } from 'koa'
import * as client from 'openid-client'
import { failedPage, signedInPage, signedOutPage, STYLE } from './page.ts'
import { createSessions, remember, takePending, type Session } from './sessions.ts'
import { fromTokens, readPosts, refresh, type AppOptions, type StepUp } from './tokens.ts'

const COOKIE = 'example_app'
const SENTENCES: Readonly<Record<string, string>> = {
  access_denied: 'You did not allow it.',
  unmet_authentication_requirements: 'This page needs a passkey, and your account has none yet.',
}
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
    if (!session?.signedIn) {
      ctx.type = 'html'
      ctx.body = String(await signedOutPage(options.issuer))
      return
    }
    await showPosts(ctx, { options, config, session, kind: 'posts' })
  },

  'GET /drafts': async (ctx) => {
    const session = sessions.of(ctx)
    if (!session?.signedIn) return ctx.redirect('/')
    await showPosts(ctx, { options, config, session, kind: 'drafts' })
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
    ctx.redirect(await beginSignIn(options, config, { session: sessions.of(ctx) ?? sessions.begin(ctx), back: '/' }))
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
      ctx.redirect(pending.back)
    } catch (error) {
      await explain(ctx, error)
    }
  },
})

interface Begun {
  readonly session: Session
  readonly back: string
  readonly wanted?: StepUp
}

/** Where a person signs in; for a step-up with what the API wants, so that they are asked for just that. */
async function beginSignIn(
  options: AppOptions,
  config: client.Configuration,
  { session, back, wanted }: Begun,
): Promise<string> {
  const codeVerifier = client.randomPKCECodeVerifier()
  const pending = { state: client.randomState(), nonce: client.randomNonce(), codeVerifier, back }
  remember(session, pending)
  return client.buildAuthorizationUrl(config, {
    redirect_uri: `${options.url}/callback`,
    scope: SCOPE,
    resource: options.api,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...(wanted?.acrValues === undefined ? {} : { acr_values: wanted.acrValues }),
    ...(wanted?.maxAge === undefined ? {} : { max_age: wanted.maxAge }),
  }).href
}

/** The posts or drafts of who is signed in; where the API wants to be surer of them, the way to show it. */
async function showPosts(
  ctx: Context,
  asked: { options: AppOptions; config: client.Configuration; session: Session; kind: 'posts' | 'drafts' },
): Promise<void> {
  const { options, config, session, kind } = asked
  const answer = await readPosts(options, config, { session, kind })
  if ('acrValues' in answer) {
    const back = kind === 'posts' ? '/' : '/drafts'
    return ctx.redirect(await beginSignIn(options, config, { session, back, wanted: answer }))
  }
  ctx.type = 'html'
  ctx.body = String(
    session.signedIn ? await signedInPage(session.signedIn, answer, kind) : await signedOutPage(options.issuer),
  )
}

async function explain(ctx: Context, error: unknown): Promise<void> {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    const sentence = SENTENCES[error.error] ?? error.error_description
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
