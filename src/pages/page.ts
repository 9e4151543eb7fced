/**
 * Sends a page. The default layout is for a single step: a sheet with the brand, the content, and the languages in the
 * footer.
 */
import { html, type Html } from './design/html.ts'
import type { Context } from 'koa'
import { type Brand, brandOf } from './brand.ts'
import { MARK, mark, webUrl } from './design/components.ts'
import { accentStyle, STEP_STYLE, type Style } from './design/stylesheet.ts'
import { allowContent, type ContentSecurityPolicy } from '#http/security-headers.ts'
import { LAYOUT_TEXTS } from './i18n/layout-texts.ts'
import { LANGUAGES, LANGUAGE_PARAMETER, type Language } from './i18n/language.ts'

export interface Page {
  readonly language: Language
  readonly title: string
  readonly content: Html
  /** Default 200. */
  readonly status?: number
  /** CSP sources that a form of this page may redirect to, in addition to our own origin. */
  readonly formTargets?: readonly string[]
  /**
   * The path that serves this page by GET in another language; undefined for the page's own address, null for a page
   * that can be shown only once.
   */
  readonly languagePath?: string | null | undefined
  /** Overrides of the brand, such as the logo of the app that the page leads to. */
  readonly brand?: Partial<Brand>
  /** Additional CSP directives, such as those for a script and its connections. */
  readonly policy?: ContentSecurityPolicy | undefined
  /** Default: the layout of a single step. */
  readonly layout?: PageLayout
}

/** Arranges the parts of a page, and has the style for it. */
export interface PageLayout {
  readonly style: Style
  body(parts: { readonly brand: Html; readonly content: Html; readonly languages: Html }): Html
}

/** The links in the footer, in order. */
const LINKS = ['support_url', 'privacy_url', 'terms_url'] as const

const STEP_LAYOUT: PageLayout = {
  style: STEP_STYLE,
  body: ({ brand, content, languages }) =>
    html`<body>
      <main>${brand} ${content}</main>
      ${languages}
    </body>`,
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#5b5bc0" fill-rule="evenodd" d="${MARK}"/></svg>`,
)}`

/** Sends the page. Its policy allows its own stylesheet, and forms to ourselves and `formTargets`. */
export async function sendPage(ctx: Context, page: Page): Promise<void> {
  const document = String(await renderDocument(ctx, page))
  ctx.status = page.status ?? 200
  ctx.type = 'text/html; charset=utf-8'
  ctx.set({ 'Cache-Control': 'no-store', 'Content-Language': page.language })
  allowContent(ctx, {
    'style-src': stylesOf(ctx, page).map(({ source }) => source),
    'img-src': ['data:'],
    // Chromium applies form-action to the redirects after a form too, so the app's redirect URI must be listed.
    'form-action': ["'self'", ...new Set(page.formTargets ?? [])],
    ...page.policy,
  })
  ctx.vary('Accept-Language')
  ctx.body = document
}

function renderDocument(ctx: Context, page: Page): Html {
  const { language, title, content, layout = STEP_LAYOUT } = page
  const { name, logo } = { ...brandOf(ctx), ...page.brand }
  const brand = html`<div class="brand">
    ${logo === null ? mark() : html`<img src="${logo}" alt="" height="28" />`}<span>${name}</span>
  </div>`
  return html`<!doctype html>
    <html lang="${language}" dir="${LANGUAGES[language].dir}">
      <head>
        <meta charset="utf-8" />
        <title>${title} · ${name}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href="${logo ?? ICON}" />
        ${stylesOf(ctx, page).map(({ element }) => element)}
      </head>
      ${layout.body({ brand, content, languages: languageLinks(ctx, page) })}
    </html> `
}

function stylesOf(ctx: Context, { layout = STEP_LAYOUT, brand }: Page): Style[] {
  const { accent } = { ...brandOf(ctx), ...brand }
  return accent === null ? [layout.style] : [layout.style, accentStyle(accent)]
}

/** Renders the footer links that an administrator set. */
function brandLinks(ctx: Context, language: Language): Html {
  const brand = brandOf(ctx)
  const links = LINKS.map((name) => ({ href: webUrl(brand[name]), label: LAYOUT_TEXTS[language][name] }))
  const known = links.filter(({ href }) => href !== undefined)
  if (known.length === 0) return html``
  return html`<ul role="list">
    ${known.map(({ href, label }) => html`<li><a href="${href}" rel="noreferrer">${label}</a></li>`)}
  </ul>`
}

/** Renders links to this page in each language. An answer to a POST without `languagePath` has none. */
function languageLinks(ctx: Context, { language, languagePath }: Page): Html {
  const isAddressed = ctx.method === 'GET' || ctx.method === 'HEAD'
  const otherLinks = brandLinks(ctx, language)
  if (languagePath === null || (languagePath === undefined && !isAddressed))
    return html`<footer class="foot">${otherLinks}</footer>`
  const parameters = new URLSearchParams(languagePath === undefined ? ctx.querystring : '')
  const links = Object.entries(LANGUAGES).map(([tag, { name }]) => {
    if (tag === language) return html`<li><span aria-current="true" lang="${tag}">${name}</span></li>`
    parameters.set(LANGUAGE_PARAMETER, tag)
    const href = `${languagePath ?? ''}?${parameters.toString()}`
    return html`<li><a href="${href}" lang="${tag}" hreflang="${tag}">${name}</a></li>`
  })
  return html`<footer class="foot">
    <nav aria-label="${LAYOUT_TEXTS[language].languages}">
      <ul role="list">
        ${links}
      </ul>
    </nav>
    ${otherLinks}
  </footer>`
}
