/** Sends a work page: a page with navigation at the side, which becomes a bar with a menu on narrow screens. */
import { html, type Html } from './design/html.ts'
import type { Context } from 'koa'
import { WORK_STYLE } from './design/stylesheet.ts'
import { LAYOUT_TEXTS } from './i18n/layout-texts.ts'
import { type Page, sendPage } from './page.ts'

export interface NavigationLink {
  readonly href: string
  readonly label: string
  readonly current?: boolean
}

export interface WorkPage extends Omit<Page, 'layout'> {
  /** The accessible name of the navigation. */
  readonly navigationLabel: string
  readonly navigation: readonly (readonly NavigationLink[])[]
  /** The signed-in person, and the sign-out link. */
  readonly signedInAs: string
  readonly signOut: { readonly href: string; readonly label: string }
  readonly heading: string | Html
}

/** Sends a page as `sendPage`, in the layout with navigation. */
export function sendWorkPage(ctx: Context, page: WorkPage): Promise<void> {
  const { menu, skip } = LAYOUT_TEXTS[page.language]
  // rendered twice, of which CSS shows one, so that the menu needs no script
  const navigation = renderNavigation(page)
  return sendPage(ctx, {
    ...page,
    layout: {
      style: WORK_STYLE,
      body: ({ brand, content, languages }) =>
        html`<body class="work">
          <a class="skip" href="#content">${skip}</a>
          <header class="rail">
            ${brand}
            <details class="menu">
              <summary>${menu}</summary>
              ${navigation}
            </details>
            <div class="wide">${navigation}</div>
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

function renderNavigation({ navigation, navigationLabel, signedInAs, signOut }: WorkPage): Html {
  return html`<nav aria-label="${navigationLabel}">
      ${navigation.map(
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
      <p class="small"><bdi>${signedInAs}</bdi></p>
      <a href="${signOut.href}">${signOut.label}</a>
    </div>`
}
