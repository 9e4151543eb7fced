/** Signs a person out of their apps by loading a page of each in a frame (OpenID Connect Front-Channel Logout 1.0). */
import { createHash } from 'node:crypto'
import type { Context } from 'koa'
import type { FrontChannel } from '#oidc/sign-out/front-channel.ts'
import { buttonLink } from '#pages/design/components.ts'
import { html, raw, type Html } from '#pages/design/html.ts'
import { chooseLanguage, type Language } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { TEXTS } from '../texts/texts.ts'

/** Goes on although a frame has not loaded. Without script, the browser waits for it, and the person has the button. */
const SCRIPT = `setTimeout(()=>location.replace(document.querySelector('a.button').href),4000)`
const SCRIPT_ELEMENT = raw(`<script>${SCRIPT}</script>`)
const SCRIPT_SOURCE = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`

/**
 * Replaces the redirect after a sign-out with a page that has the frames, if there are any, and then leads to the same
 * place. The browser follows `Refresh` once all frames are loaded.
 */
export async function loadLogoutFrames(ctx: Context, frontChannel: Pick<FrontChannel, 'logoutUrls'>): Promise<void> {
  if (ctx.status !== 303) return
  const urls = await frontChannel.logoutUrls(ctx)
  if (urls.length === 0) return
  const target = ctx.response.get('location')
  const language = chooseLanguage(ctx, {})
  ctx.remove('Location')
  ctx.set('Refresh', `0; url=${target}`)
  await sendPage(ctx, {
    language,
    ...framesPage({ language, urls, target }),
    languagePath: null,
    policy: { 'frame-src': [...new Set(urls.map((url) => new URL(url).origin))], 'script-src': [SCRIPT_SOURCE] },
  })
}

function framesPage({ language, urls, target }: { language: Language; urls: readonly string[]; target: string }): {
  title: string
  content: Html
} {
  const texts = TEXTS[language].signOut
  const content = html`<div class="lines">
      <h1>${texts.done}</h1>
      <p>${texts.doneApps}</p>
    </div>
    ${buttonLink({ href: target, label: texts.goOn, kind: 'primary' })} ${urls.map(frame)}${SCRIPT_ELEMENT}`
  return { title: texts.done, content }
}

/** Without leave to navigate this page, to open others or to send forms. */
function frame(url: string): Html {
  return html`<iframe src="${url}" sandbox="allow-scripts allow-same-origin" hidden></iframe>`
}
