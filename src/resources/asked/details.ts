/** Says authorization details (RFC 9396) in words: the titles of their JSON Schema, and each of their values. */
import { isDisplayText } from '#shared/display-text.ts'
import { html, type Html } from '#pages/design/html.ts'
import { facts } from '#pages/design/components.ts'
import type { AuthorizationDetail, DetailsType, JsonSchema } from '../authorization-details.ts'
import type { AskedTexts } from './texts/texts.ts'

export interface AskedDetail {
  readonly type: DetailsType
  readonly detail: AuthorizationDetail
}

/** `detailMembers`: the labels of the common members (RFC 9396 §2.2) that a schema gives no title. */
type Words = Pick<AskedTexts, 'yes' | 'no'> & { readonly detailMembers: Readonly<Record<string, string>> }

/** The heading of the section says the place, and the name the type. */
const SAID_ELSEWHERE = new Set(['type', 'locations'])

export function detailList(details: readonly AskedDetail[], words: Words): Html {
  return html`${details.map(
    ({ type, detail }) =>
      html`<div class="detail">
        <p>${type.name}</p>
        ${facts(linesOf(detail, type.schema, words))}
      </div>`,
  )}`
}

/** Returns a line for each member; all of them, because all of them are allowed. */
function linesOf(detail: AuthorizationDetail, schema: JsonSchema, words: Words): [string, string][] {
  return Object.entries(detail)
    .filter(([name]) => !SAID_ELSEWHERE.has(name))
    .map(([name, value]) => {
      const own = propertyOf(schema, name)
      return [titleOf(own) ?? words.detailMembers[name] ?? plain(name), inWords(value, own, words)]
    })
}

function inWords(value: unknown, schema: JsonSchema | undefined, words: Words): string {
  const named = choicesOf(schema).find((choice) => choice['const'] === value)
  const title = titleOf(named)
  if (title !== undefined) return title
  if (typeof value === 'boolean') return value ? words.yes : words.no
  if (Array.isArray(value) && value.length > 0)
    return value.map((one) => inWords(one, schemaOf(schema?.['items']), words)).join(', ')
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    const members = Object.entries(value).map(([name, one]) => {
      const own = propertyOf(schema, name)
      return `${titleOf(own) ?? plain(name)}: ${inWords(one, own, words)}`
    })
    return members.join('; ')
  }
  return plain(value)
}

/** Other characters could disguise what is asked: they are written as escapes. */
function plain(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' && isDisplayText(value)) return value
  return JSON.stringify(value ?? null).replaceAll(
    /[^\x20-\x7E]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function propertyOf(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  const properties = schemaOf(schema?.['properties'])
  return properties && Object.hasOwn(properties, name) ? schemaOf(properties[name]) : undefined
}

/** The named values of a schema: `oneOf` or `anyOf` of `{const, title}`. */
function choicesOf(schema: JsonSchema | undefined): JsonSchema[] {
  const choices: unknown[] = [schema?.['oneOf'], schema?.['anyOf']].flat()
  return choices.map(schemaOf).filter((choice) => choice !== undefined)
}

function titleOf(schema: JsonSchema | undefined): string | undefined {
  const title = schema?.['title']
  return typeof title === 'string' && isDisplayText(title) ? title : undefined
}

function schemaOf(value: unknown): JsonSchema | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : undefined
}
