/** Sends a page of work: a rail with the ways to its neighbours, which is a bar with a menu on narrow screens. */
import { html, type Html } from './design/html.ts'
import type { Context } from 'koa'
import { WORK_STYLE } from './design/stylesheet.ts'
import { FRAME_TEXTS } from './i18n/frame-texts.ts'
import { type Page, sendPage } from './page.ts'

export interface RailLink {
  readonly href: string
  readonly label: string
  readonly current?: boolean
}

export interface WorkPage extends Omit<Page, 'frame'> {
  /** What the rail is called for those who hear the page. */
  readonly railLabel: string
  readonly rail: readonly (readonly RailLink[])[]
  /** Who works here, and the way out. */
  readonly who: string
  readonly signOut: { readonly href: string; readonly label: string }
  readonly heading: string | Html
}

/** As `sendPage`, in the frame of a page of work. */
export function sendWorkPage(ctx: Context, page: WorkPage): Promise<void> {
  const { menu, skip } = FRAME_TEXTS[page.language]
  // shown twice, and each time hidden from everybody where the other one is shown: a menu needs no script so
  const rail = railOf(page)
  return sendPage(ctx, {
    ...page,
    frame: {
      style: WORK_STYLE,
      body: ({ brand, content, languages }) =>
        html`<body class="work">
          <a class="skip" href="#content">${skip}</a>
          <header class="rail">
            ${brand}
            <details class="menu">
              <summary>${menu}</summary>
              ${rail}
            </details>
            <div class="wide">${rail}</div>
          </header>
          <main id="content">
            <h1>${page.heading}</h1>
            ${content}
          </main>
          ${languages}
        </body>`,
    },
  })
}

function railOf({ rail, railLabel, who, signOut }: WorkPage): Html {
  return html`<nav aria-label="${railLabel}">
      ${rail.map(
        (group) =>
          html`<ul role="list">
            ${group.map(
              ({ href, label, current = false }) =>
                html`<li><a href="${href}" ${current ? html`aria-current="page"` : ''}>${label}</a></li>`,
            )}
          </ul>`,
      )}
    </nav>
    <div class="out">
      <p class="small"><bdi>${who}</bdi></p>
      <a href="${signOut.href}">${signOut.label}</a>
    </div>`
}
