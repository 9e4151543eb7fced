/** Kinds of values that several members share, each with its rule and its JSON Schema. */
import { isDisplayText } from '#shared/display-text.ts'
import { isLoopbackHost } from '../redirect-uris.ts'
import type { Member } from './member.ts'

type Kind = Pick<Member, 'value' | 'schema'>

const MAX_NAME = 200

export const TEXT: Kind = {
  value: { fits: isText, expected: `a text of 1 to ${MAX_NAME} characters without control characters` },
  schema: { type: 'string' },
}
export const WEB_PAGE: Kind = {
  value: { fits: isWebAddress, expected: 'an https URL, or http on loopback' },
  schema: { type: 'string', format: 'uri' },
}
export const FLAG: Kind = {
  value: { fits: (value) => typeof value === 'boolean', expected: 'true or false' },
  schema: { type: 'boolean' },
}

export const STRING = { type: 'string' } as const
export const STRINGS = { type: 'array', items: STRING } as const
export const URI = { type: 'string', format: 'uri' } as const
export const URIS = { type: 'array', items: URI } as const

/** Returns the kind of a string that is one of `values`. */
export function choiceOf(...values: string[]): Kind {
  return {
    value: { fits: (given) => values.some((value) => value === given), expected: values.join(' or ') },
    schema: { type: 'string', enum: values },
  }
}

/** Whether a value is an https URL, or http on loopback, without user name and password. */
export function isWebAddress(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 2000 || !/^[\x21-\x7E]+$/.test(value)) return false
  const url = URL.parse(value)
  if (!url || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}

function isText(value: unknown): boolean {
  // other characters could disguise a name on the consent page
  return typeof value === 'string' && value.length <= MAX_NAME && isDisplayText(value)
}
