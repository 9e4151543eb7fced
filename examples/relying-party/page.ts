/** The pages of the example app, and their stylesheet. */
import { html } from '#pages/design/html.ts'
import type { SignedIn } from './sessions.ts'

type Html = ReturnType<typeof html>

export interface Post {
  readonly id: number
  readonly title: string
}

/** What the API said: the posts, or why there are none. */
export type PostsOrReason = { readonly posts: readonly Post[] } | { readonly reason: string }

export function signedOutPage(issuer: string): Html {
  return layout(
    'Posts',
    html`<h1>Posts</h1>
      <p class="quiet">Sign in to read them. You will be asked at ${new URL(issuer).host}.</p>
      <a class="button" href="/login">Sign in</a>`,
  )
}

export function signedInPage(signedIn: SignedIn, posts: PostsOrReason, kind: 'posts' | 'drafts'): Html {
  const title = kind === 'posts' ? 'Posts' : 'Drafts'
  return layout(
    title,
    html`<h1>${title}</h1>
      <p class="quiet">
        Signed in as <strong>${signedIn.name}</strong>
        ${signedIn.email !== signedIn.name && html`<br />${signedIn.email}`}
      </p>
      ${
        'posts' in posts
          ? html`<ul>
              ${posts.posts.map((post) => html`<li>${post.title}</li>`)}
            </ul>`
          : html`<p role="alert">${posts.reason}</p>`
      }
      <p>
        ${
          kind === 'posts'
            ? html`<a href="/drafts">Drafts</a> <span class="quiet">(asks for a passkey)</span>`
            : html`<a href="/">Posts</a>`
        }
      </p>
      <p class="quiet" role="status">
        The access token is good until
        <time datetime="${signedIn.expiresAt.toISOString()}">${clock(signedIn.expiresAt)}</time
        >${signedIn.renewals > 0 && html`, refreshed ${times(signedIn.renewals)}`}.
      </p>
      <div class="row">
        ${signedIn.refreshToken && html`<form method="post" action="/refresh"><button type="submit">Refresh</button></form>`}
        <form method="post" action="/logout"><button type="submit" class="plain">Sign out</button></form>
      </div>`,
  )
}

export function failedPage(sentence: string, code: string): Html {
  return layout(
    'Sign-in did not work',
    html`<h1>Sign-in did not work</h1>
      <p>${sentence}</p>
      <p class="quiet"><code>${code}</code></p>
      <div class="row">
        <a class="button" href="/login">Sign in again</a>
        <a href="/">Back</a>
      </div>`,
  )
}

function layout(title: string, content: Html | Promise<Html>): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <main>${content}</main>
        <footer>An example app. Its code is in <code>examples/relying-party</code>.</footer>
      </body>
    </html>`
}

function clock(time: Date): string {
  return time.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

export const STYLE = `:root {
  color-scheme: light dark;
  --ink: light-dark(#2b2926, #ece8e2);
  --quiet: light-dark(#6a645c, #a8a198);
  --paper: light-dark(#faf8f5, #1c1a18);
  --card: light-dark(#fffefc, #252220);
  --line: light-dark(#e2ddd5, #3d3935);
  --accent: light-dark(#3f3d99, #b1b0f5);
  --on-accent: light-dark(#fffefc, #1c1a18);
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; grid-template-rows: 1fr auto;
  background: var(--paper); color: var(--ink);
  font: 17px/1.5 ui-sans-serif, system-ui, "Segoe UI", "Apple SD Gothic Neo", "Noto Sans KR", sans-serif;
}
main {
  width: min(25rem, 100% - 32px); margin: 10vh auto 32px; padding: 32px; align-self: start;
  background: var(--card); border: 1px solid var(--line); border-radius: 14px;
}
h1 { margin: 0 0 8px; font-size: 28px; font-weight: 650; line-height: 1.25; }
p { margin: 0 0 16px; }
.quiet { color: var(--quiet); font-size: 15px; }
.quiet strong { color: var(--ink); font-weight: 550; }
ul { margin: 24px 0; padding: 0; list-style: none; border-block: 1px solid var(--line); }
li { padding: 12px 0; overflow-wrap: anywhere; }
li + li { border-top: 1px solid var(--line); }
time { font-variant-numeric: tabular-nums; }
.row { display: flex; gap: 12px; align-items: center; margin-top: 24px; }
form { margin: 0; }
button, .button {
  display: inline-block; padding: 8px 16px; border: 1px solid transparent; border-radius: 8px;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 550; text-decoration: none; cursor: pointer;
}
.plain { background: none; border-color: var(--line); color: var(--ink); }
a { color: var(--accent); }
.button { color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { padding: 16px; text-align: center; color: var(--quiet); font-size: 13px; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
`
