/** Renders the engine's own pages: the sign-out question, the page after sign-out, and protocol errors. */
import type { Context } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Accounts } from '#accounts/account.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { requestOrigin } from '#http/origin.ts'
import { sendPage } from '#pages/page.ts'
import type { EnginePages } from '#oidc/interactions/interaction-gateway.ts'
import { DEVICE_PATH } from './device/code.ts'
import { endPage } from './device/page.ts'
import { errorPage } from './error/page.ts'
import { formPostPage } from './form-post/page.ts'
import { formTargets } from './form-targets.ts'
import { interactionPaths } from './paths.ts'
import { createUpstreamSignOut, type UpstreamSignOutDeps } from './sign-out/upstream.ts'
import { readEngineForm, signedOutPage, signOutPage } from './sign-out/page.ts'

export interface EnginePagesDeps extends UpstreamSignOutDeps {
  readonly accounts: Pick<Accounts, 'read'>
  readonly production: boolean
}

export function createEnginePages({ accounts, issuer, production, upstreamSignIn }: EnginePagesDeps): EnginePages {
  const home = new URL(issuer).pathname
  const codePath = interactionPaths(issuer).of(DEVICE_PATH)
  const upstream = createUpstreamSignOut({ issuer, upstreamSignIn })

  return {
    async signOut(ctx, form) {
      const { client, params, session } = (ctx as KoaContextWithOIDC).oidc
      const account = session?.accountId === undefined ? undefined : await accounts.read(session.accountId)
      const language = chooseLanguage(ctx, {
        uiLocales: params?.['ui_locales'],
        accountLocale: account?.claims['locale'],
      })
      const page = signOutPage({
        language,
        form: readEngineForm(form),
        who: account?.email,
        clientName: client?.clientName,
      })
      await sendPage(ctx, {
        language,
        ...page,
        formTargets: formTargets(params?.['post_logout_redirect_uri'], await upstream.target(ctx)),
      })
    },

    async signedOut(ctx, clientName) {
      const language = chooseLanguage(ctx, { uiLocales: uiLocales(ctx) })
      await sendPage(ctx, { language, ...signedOutPage(language, clientName) })
    },

    async device(ctx, end, client) {
      const language = chooseLanguage(ctx, { uiLocales: uiLocales(ctx) })
      const page = endPage({ language, end, clientName: client.name, codePath })
      // a reload of this page shows something else
      await sendPage(ctx, { language, ...page, brand: client.brand, languagePath: null })
    },

    async formPost(ctx, { action, fields }) {
      const language = chooseLanguage(ctx, { uiLocales: uiLocales(ctx) })
      const { client } = (ctx as KoaContextWithOIDC).oidc
      const page = formPostPage({ language, action, fields, clientName: client?.clientName ?? client?.clientId ?? '' })
      await sendPage(ctx, { language, ...page, status: ctx.status, languagePath: null })
    },

    async error(ctx, out, wrong) {
      const language = chooseLanguage(ctx, { uiLocales: uiLocales(ctx) })
      const status = ctx.status
      const { requestId } = requestOrigin(ctx)
      const said = { status, code: out.error, detail: out.error_description, requestId, wrong }
      const page = errorPage({ language, home, production, ...said })
      await sendPage(ctx, { language, ...page, status })
    },
  }
}

/** Returns `ui_locales`. The engine may have refused the request before it parsed the parameters. */
function uiLocales(ctx: Context): unknown {
  return (ctx as Partial<KoaContextWithOIDC>).oidc?.params?.['ui_locales'] ?? ctx.query['ui_locales']
}
