/** Sends a page: by itself one of one step, a sheet with the mark on top, its content, and the languages at the foot. */
import { html, type Html } from './design/html.ts'
import type { Context } from 'koa'
import { type Brand, brandOf } from './brand.ts'
import { MARK, mark, webUrl } from './design/components.ts'
import { accentStyle, STEP_STYLE, type Style } from './design/stylesheet.ts'
import { allowContent, type ContentSecurityPolicy } from '#http/security-headers.ts'
import { FRAME_TEXTS } from './i18n/frame-texts.ts'
import { LANGUAGES, LANGUAGE_PARAMETER, type Language } from './i18n/language.ts'

export interface Page {
  readonly language: Language
  readonly title: string
  readonly content: Html
  /** 200 where none is given. */
  readonly status?: number
  /** CSP sources to which a form of this page may lead by redirects, beside our own origin. */
  readonly formTargets?: readonly string[]
  /** Where the page is to be had by GET in another language, as a path; undefined: at the page's own address. */
  readonly languagePath?: string | undefined
  /** What is another's on this page: the app's that it leads to. */
  readonly brand?: Partial<Brand>
  /** What a part of the page needs besides: its script, and where that may connect to. */
  readonly policy?: ContentSecurityPolicy | undefined
  /** How it is laid out; as a page of one step where none is given. */
  readonly frame?: Frame
}

/** Where the parts of a page stand, and the style for it. */
export interface Frame {
  readonly style: Style
  body(parts: { readonly brand: Html; readonly content: Html; readonly languages: Html }): Html
}

/** The links at the foot, in their order. */
const LINKS = ['support_url', 'privacy_url', 'terms_url'] as const

const STEP: Frame = {
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

/** Answers with the page. Its policy allows its own stylesheet and forms to ourselves and the targets given. */
export async function sendPage(ctx: Context, page: Page): Promise<void> {
  const document = String(await renderDocument(ctx, page))
  ctx.status = page.status ?? 200
  ctx.type = 'text/html; charset=utf-8'
  ctx.set({ 'Cache-Control': 'no-store', 'Content-Language': page.language })
  allowContent(ctx, {
    'style-src': stylesOf(ctx, page).map(({ source }) => source),
    'img-src': ['data:'],
    // Chromium applies form-action to every redirect after a form was sent, so that to the app must be named.
    'form-action': ["'self'", ...new Set(page.formTargets ?? [])],
    ...page.policy,
  })
  ctx.vary('Accept-Language')
  ctx.body = document
}

function renderDocument(ctx: Context, page: Page): Html {
  const { language, title, content, frame = STEP } = page
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
      ${frame.body({ brand, content, languages: languageLinks(ctx, page) })}
    </html> `
}

function stylesOf(ctx: Context, { frame = STEP, brand }: Page): Style[] {
  const { accent } = { ...brandOf(ctx), ...brand }
  return accent === null ? [frame.style] : [frame.style, accentStyle(accent)]
}

/** What an administrator wants people to find on each page. */
function brandLinks(ctx: Context, language: Language): Html {
  const brand = brandOf(ctx)
  const links = LINKS.map((name) => ({ href: webUrl(brand[name]), label: FRAME_TEXTS[language][name] }))
  const known = links.filter(({ href }) => href !== undefined)
  if (known.length === 0) return html``
  return html`<ul role="list">
    ${known.map(({ href, label }) => html`<li><a href="${href}" rel="noreferrer">${label}</a></li>`)}
  </ul>`
}

/** Links to this page in each language. A page that answers a POST and has no address of its own has none. */
function languageLinks(ctx: Context, { language, languagePath }: Page): Html {
  const isAddressed = ctx.method === 'GET' || ctx.method === 'HEAD'
  const more = brandLinks(ctx, language)
  if (languagePath === undefined && !isAddressed) return html`<footer class="foot">${more}</footer>`
  const parameters = new URLSearchParams(languagePath === undefined ? ctx.querystring : '')
  const links = Object.entries(LANGUAGES).map(([tag, { name }]) => {
    if (tag === language) return html`<li><span aria-current="true" lang="${tag}">${name}</span></li>`
    parameters.set(LANGUAGE_PARAMETER, tag)
    const href = `${languagePath ?? ''}?${parameters.toString()}`
    return html`<li><a href="${href}" lang="${tag}" hreflang="${tag}">${name}</a></li>`
  })
  return html`<footer class="foot">
    <nav aria-label="${FRAME_TEXTS[language].languages}">
      <ul role="list">
        ${links}
      </ul>
    </nav>
    ${more}
  </footer>`
}
