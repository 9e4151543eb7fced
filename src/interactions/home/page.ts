/** Serves the start page at `/`: what this server is, with links. */
import { html, type Html } from '#pages/design/html.ts'
import type { Middleware } from 'koa'
import { chooseLanguage, type Language } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { TEXTS } from '../texts/texts.ts'

export interface HomePageDeps {
  readonly issuer: string
  readonly production: boolean
  /** The open rooms, in the order of their links. A link to the discovery document follows them. */
  readonly open: readonly ('account' | 'console' | 'docs')[]
}

const PATHS = {
  account: '/account',
  console: '/console',
  docs: '/docs',
  discovery: '/.well-known/openid-configuration',
} as const

/** Answers GET and HEAD of `/`. In production it shows only the server's name and the link to the account pages. */
export function createHomePage({ issuer, production, open }: HomePageDeps): Middleware {
  const base = issuer.replace(/\/$/, '')
  const all = [...open, 'discovery'] as const
  const links = production ? all.filter((name) => name === 'account') : all

  function content(language: Language): Html {
    const texts = TEXTS[language].home
    const items = links.map((name) => html`<li><a href="${base + PATHS[name]}">${texts.links[name]}</a></li>`)
    const list =
      items.length === 0
        ? ''
        : html`<ul class="lines" role="list">
            ${items}
          </ul>`
    return html`<div class="lines">
        <h1>${texts.heading}</h1>
        <p>${production ? texts.personal : texts.words}</p>
      </div>
      ${list}`
  }

  return async (ctx, next) => {
    if (ctx.path !== '/' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) {
      await next()
      return
    }
    const language = chooseLanguage(ctx)
    await sendPage(ctx, { language, title: TEXTS[language].home.heading, content: content(language) })
  }
}
