/** Lays out the content of a mail as plain text and as one column of HTML. */
import { html, raw, type Html } from '#pages/design/html.ts'
import { COLOURS } from '#pages/design/tokens.ts'
import type { MailContent } from './mail-template.ts'

type Colour = keyof typeof COLOURS

const FONT = `ui-sans-serif,system-ui,'Segoe UI','Apple SD Gothic Neo','Noto Sans KR',sans-serif`
const CODE_FONT = `ui-monospace,'SFMono-Regular',Menlo,Consolas,monospace`

/** Mail programs keep inline styles; those that support dark mode also read the classes. */
const DARK: readonly (readonly [selector: string, property: string, colour: Colour])[] = [
  ['.paper', 'background', 'paper'],
  ['.sheet', 'background', 'sheet'],
  ['.sheet', 'border-color', 'line'],
  ['.ink', 'color', 'ink'],
  ['.soft', 'color', 'soft'],
  ['.action', 'background', 'accent'],
  ['.action', 'color', 'on-accent'],
  ['.line', 'border-color', 'line'],
]

const light = (name: Colour) => COLOURS[name][0]
const dark = DARK.map(([selector, property, name]) => `${selector}{${property}:${COLOURS[name][1]}!important}`).join('')

/** Groups the digits of a code in fours. */
function grouped(code: string): string {
  return code.replaceAll(/.{4}(?=.)/g, '$& ')
}

export function textOf(content: MailContent, brand: string): string {
  const { heading, paragraphs, code, action, after, why, notYou } = content
  const blocks = [
    brand,
    heading,
    ...paragraphs,
    factsOf(content)
      .map(([label, value]) => `${label}: ${value}`)
      .join('\n'),
    code === undefined ? '' : `    ${grouped(code)}`,
    action === undefined ? '' : `${action.before ?? `${action.label}:`}\n${action.url}`,
    after ?? '',
    `-- \n${why}`,
    notYou,
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

export async function htmlOf(
  content: MailContent,
  { brand, lang, dir }: { brand: string; lang: string; dir: string },
): Promise<string> {
  const page = html`<!doctype html>
    <html lang="${lang}" dir="${dir}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>${content.subject}</title>
        <style>
          ${raw(`@media (prefers-color-scheme:dark){${dark}}`)}
        </style>
      </head>
      <body class="paper" style="margin:0;padding:24px 12px;background:${light('paper')};word-break:keep-all">
        <table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:34rem;margin:0 auto">
          <tr>
            <td class="ink" style="padding:0 4px 12px;font:650 15px/1.25 ${raw(FONT)};color:${light('ink')}">
              ${brand}
            </td>
          </tr>
          <tr>
            <td
              class="sheet"
              style="padding:32px 32px 20px;background:${light('sheet')};border:1px solid ${light('line')};border-radius:14px"
            >
              ${body(content)}
            </td>
          </tr>
          <tr>
            <td style="padding:16px 4px">${small(content.why)}${small(content.notYou)}</td>
          </tr>
        </table>
      </body>
    </html>`
  return String(await page)
}

function body(content: MailContent): Html {
  const { heading, paragraphs, code, action, after } = content
  return html`<h1 class="ink" style="margin:0 0 16px;font:650 22px/1.25 ${raw(FONT)};color:${light('ink')}">
      ${heading}
    </h1>
    ${paragraphs.map((text) => paragraph(text))}${factsTable(content)}${code === undefined ? '' : codeBlock(code)}
    ${action?.before === undefined ? '' : paragraph(action.before)}${action === undefined ? '' : button(action)}
    ${after === undefined ? '' : small(after)}`
}

function paragraph(text: string): Html {
  return html`<p class="ink" style="margin:0 0 16px;font:400 15px/1.5 ${raw(FONT)};color:${light('ink')}">${text}</p>`
}

function small(text: string): Html {
  return html`<p class="soft" style="margin:0 0 8px;font:400 13px/1.5 ${raw(FONT)};color:${light('soft')}">${text}</p>`
}

function codeBlock(code: string): Html {
  return html`<p
    class="ink"
    dir="ltr"
    style="margin:0 0 24px;font:650 28px/1.25 ${raw(CODE_FONT)};letter-spacing:0.06em;color:${light('ink')}"
  >
    ${grouped(code)}
  </p>`
}

function button(action: { label: string; url: string }): Html {
  const style = `display:inline-block;padding:12px 20px;font:550 15px/1.25 ${FONT};background:${light('accent')};color:${light('on-accent')};border-radius:8px;text-decoration:none`
  return html`<p style="margin:0 0 24px">
    <a class="action" href="${action.url}" target="_blank" rel="noreferrer" style="${raw(style)}">${action.label}</a>
  </p>`
}

function factsTable(content: MailContent): Html | string {
  const facts = factsOf(content)
  if (facts.length === 0) return ''
  return html`<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 24px">
    ${facts.map(
      ([label, value]) =>
        html`<tr>
          <td
            class="soft"
            style="padding:4px 16px 4px 0;font:400 13px/1.7 ${raw(FONT)};color:${light('soft')};vertical-align:top;white-space:nowrap"
          >
            ${label}
          </td>
          <td class="ink" style="padding:4px 0;font:400 15px/1.5 ${raw(FONT)};color:${light('ink')}">
            <bdi>${value}</bdi>
          </td>
        </tr>`,
    )}
  </table>`
}

function factsOf({ facts = [] }: MailContent): (readonly [string, string])[] {
  return facts.flatMap(([label, value]) => (value === undefined || value === '' ? [] : [[label, value] as const]))
}
