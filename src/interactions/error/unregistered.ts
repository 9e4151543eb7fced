/** Renders what the error page says about a redirect URI that is not registered. */
import { redirectUriFault } from '#clients/redirect-uris.ts'
import { facts } from '#pages/design/components.ts'
import { html, type Html } from '#pages/design/html.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { UnregisteredUri } from '#oidc/interactions/interaction-gateway.ts'
import { editDistance } from '#shared/nearest-name.ts'
import { TEXTS } from '../texts/texts.ts'

/** Characters of an address that the page shows. */
const SHOWN = 500
/** Bounds the comparison, whose cost grows with the square of the length. */
const COMPARED = 50

/** Returns the part for everyone: the app and the URI that it sent. */
export function unregisteredWords(language: Language, { client, sent }: UnregisteredUri): Html {
  const texts = TEXTS[language].error.unregistered
  return html`<p>${texts.words(client.name)}</p>
    ${facts([[texts.sent, cut(sent)]])}`
}

/** Returns the part for developers: the registered URIs, the difference, and the command. For development only. */
export function unregisteredHelp(language: Language, wrong: UnregisteredUri): Html {
  const texts = TEXTS[language].error.unregistered
  const { sent, registered } = wrong
  const nearest = nearestOf(sent, registered)
  const command = updateCommand(wrong)
  return html`<dl class="facts">
    <dt>${texts.registered}</dt>
    <dd>
      ${
        registered.length === 0
          ? texts.none
          : html`<ul role="list">
              ${registered.slice(0, COMPARED).map((uri) => html`<li>${uri}</li>`)}
            </ul>`
      }
    </dd>
    ${
      nearest === undefined
        ? ''
        : html`<dt>${texts.nearest}</dt>
            <dd>${marked(nearest, sent)}</dd>
            <dt>${texts.sent}</dt>
            <dd>${marked(cut(sent), nearest)}</dd>`
    }
    ${
      command === undefined
        ? ''
        : html`<dt>${texts.command}</dt>
            <dd>${command}</dd>`
    }
  </dl>`
}

function cut(uri: string): string {
  return uri.length > SHOWN ? `${uri.slice(0, SHOWN)}…` : uri
}

function nearestOf(sent: string, registered: readonly string[]): string | undefined {
  const given = sent.slice(0, SHOWN)
  const distances = registered
    .slice(0, COMPARED)
    .map((uri) => ({ uri, edits: editDistance(given, uri.slice(0, SHOWN)) }))
  return distances.toSorted((a, b) => a.edits - b.edits)[0]?.uri
}

/** Marks the part of `text` that is not in `other`, between their common beginning and end. */
function marked(text: string, other: string): Html {
  let start = 0
  while (start < text.length && text[start] === other[start]) start += 1
  let end = 0
  const rest = Math.min(text.length, other.length) - start
  while (end < rest && text.at(-1 - end) === other.at(-1 - end)) end += 1
  const middle = text.slice(start, text.length - end)
  return html`${text.slice(0, start)}${middle === '' ? '' : html`<mark>${middle}</mark>`}${text.slice(text.length - end)}`
}

/** Returns the command that registers the address beside the others; undefined if it could not be registered. */
function updateCommand({ client, member, sent, registered }: UnregisteredUri): string | undefined {
  if (redirectUriFault(sent, client.native) !== undefined) return undefined
  const option = member === 'redirect_uris' ? '--redirect-uri' : '--post-logout-redirect-uri'
  const uris = [...registered, sent].map((uri) => `${option} ${quoted(uri)}`)
  return ['signet clients update', quoted(client.id), ...uris].join(' ')
}

/** Quotes a word for a shell where it needs that. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
