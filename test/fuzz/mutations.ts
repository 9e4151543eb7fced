/** Bends a right request, once or a few times: what it says, how it is written, and what stands around it. */
import type { JWK } from 'jose'
import { type Draft, type Pair, toWire, type Wire } from './draft.ts'
import { bendJws, isCompactJws } from './jose-mutations.ts'
import type { Random } from './random.ts'
import { ESCAPES, HEADER_VALUES, HEADERS, METHODS, NAMES, VALUES, WORDS } from './words.ts'

const MAX_BENDS = 3
/** One request in so many goes as it is: what is right must stay so. */
const UNTOUCHED = 0.03

/** The request to send in place of `draft`. */
export function bend(draft: Draft, random: Random): Wire {
  if (random.chance(UNTOUCHED)) return toWire(draft)
  const bends = 1 + random.int(MAX_BENDS)
  const late: ((wire: Wire) => Wire)[] = []
  for (let count = 0; count < bends; count += 1) {
    const kind = random.int(10)
    if (kind <= 4) bendContent(draft, random)
    else if (kind <= 6) bendHeaders(draft, random)
    else if (kind === 7) draft.path = bendPath(draft.path, random)
    else if (kind === 8) late.push((wire) => ({ ...wire, target: bendBytes(wire.target, random) || '/' }))
    else late.push((wire) => bendBody(wire, random))
  }
  if (random.chance(0.04)) draft.method = random.pick(METHODS)
  return late.reduce((wire, change) => change(wire), toWire(draft))
}

function bendContent(draft: Draft, random: Random): void {
  if (draft.json !== undefined) draft.json = bendJson(draft.json, random)
  else if (draft.form && (draft.query.length === 0 || random.chance(0.8))) bendPairs(draft.form, random, draft.keys)
  else bendPairs(draft.query, random, draft.keys)
}

function bendPairs(pairs: Pair[], random: Random, keys: Readonly<Record<string, JWK>>): void {
  const at = random.int(pairs.length)
  const pair = pairs[at]
  if (pair === undefined) {
    pairs.push([random.pick(NAMES), random.pick(WORDS)])
    return
  }
  const [name, value] = pair
  const kind = random.int(12)
  if (kind === 0) pairs.splice(at, 1)
  else if (kind === 1) pairs.push([name, random.chance(0.5) ? value : random.pick(WORDS)])
  else if (kind === 2) pairs.push([random.pick(NAMES), random.pick(WORDS)])
  else if (kind === 3) pair[0] = random.chance(0.5) ? `${name}[]` : name.toUpperCase()
  else pair[1] = isCompactJws(value) && kind < 11 ? bendJws(value, random, keyOf(keys, name)) : bendValue(value, random)
}

function bendValue(value: string, random: Random): string {
  const at = random.int(value.length + 1)
  const kind = random.int(8)
  if (kind <= 2) return random.pick(WORDS)
  if (kind === 3) return value.slice(0, at) + random.pick(WORDS) + value.slice(at)
  if (kind === 4) return value.slice(0, at) + String.fromCharCode(random.int(256)) + value.slice(at + 1)
  if (kind === 5) return value.slice(0, at)
  if (kind === 6) return random.chance(0.5) ? value.toUpperCase() : ` ${value} `
  return `${value} ${value}`
}

function bendHeaders(draft: Draft, random: Random): void {
  const { headers, keys } = draft
  const at = random.int(headers.length)
  const header = headers[at]
  const kind = random.int(6)
  if (header === undefined || kind <= 1) {
    headers.push([random.pick(HEADERS), random.pick(HEADER_VALUES)])
  } else if (kind === 2) {
    headers.splice(at, 1)
  } else if (kind === 3) {
    headers.push([...header])
  } else {
    const [name, value] = header
    if (isCompactJws(value)) header[1] = bendJws(value, random, keyOf(keys, name))
    else header[1] = withoutBreaks(name === 'Cookie' ? bendCookies(value, random) : bendValue(value, random))
  }
}

/** A line break would end the header, and what follows would be another request. */
function withoutBreaks(text: string): string {
  return text.replaceAll(/[\r\n]/g, '\x0b')
}

function bendCookies(header: string, random: Random): string {
  const cookies = header.split('; ')
  const at = random.int(cookies.length)
  const cookie = cookies[at] as string
  const equals = cookie.indexOf('=')
  const kind = random.int(6)
  if (kind === 0) cookies.splice(at, 1)
  else if (kind === 1) cookies.push(`${cookie.slice(0, equals)}=${random.pick(WORDS)}`)
  else if (kind === 2) cookies.unshift(`${cookie.slice(0, equals)}=${random.pick(WORDS)}`)
  else if (kind === 3) cookies[at] = `${cookie.slice(0, equals)}="${cookie.slice(equals + 1)}"`
  else cookies[at] = `${cookie.slice(0, equals)}=${bendValue(cookie.slice(equals + 1), random)}`
  return cookies.join(random.chance(0.9) ? '; ' : ',')
}

function bendPath(path: string, random: Random): string {
  const segments = path.split('/')
  const at = 1 + random.int(Math.max(1, segments.length - 1))
  const kind = random.int(6)
  if (kind === 0) segments.splice(at, 0, random.pick(['.', '..', '', 'x', '%2e%2e', '..;']))
  else if (kind === 1) segments.splice(at, 1)
  else if (kind === 2) segments[at] = encodeURIComponent(random.pick(WORDS).toWellFormed())
  else if (kind === 3) segments[at] = bendBytes(segments[at] ?? '', random)
  else if (kind === 4) segments[at] = (segments[at] ?? '').toUpperCase()
  else segments.push(random.pick(['', 'x', '%00', '..']))
  return segments.join('/').replace(/^(?!\/)/, '/')
}

/** Without spaces and line breaks: they would end the request line. */
function bendBytes(text: string, random: Random): string {
  const at = random.int(text.length + 1)
  const kind = random.int(5)
  if (kind <= 1) return text.slice(0, at) + random.pick(ESCAPES) + text.slice(at)
  if (kind === 2) return text.slice(0, at) + String.fromCharCode(0x21 + random.int(0xde)) + text.slice(at + 1)
  if (kind === 3)
    return `${text.slice(0, at)}%${(text.charCodeAt(at) || 0x41).toString(16).padStart(2, '0')}${text.slice(at + 1)}`
  return text.slice(0, at)
}

function bendBody(wire: Wire, random: Random): Wire {
  const { body } = wire
  const at = random.int(body.length + 1)
  const kind = random.int(6)
  if (kind === 0) return { ...wire, body: body.slice(0, at) }
  if (kind === 1) return { ...wire, body: body.slice(0, at) + String.fromCharCode(random.int(256)) + body.slice(at) }
  if (kind === 2)
    return { ...wire, body: `${body.slice(0, at)}${String.fromCharCode(random.int(256))}${body.slice(at + 1)}` }
  if (kind === 3) return { ...wire, body: body + random.pick(['&', '=', '}', '\0', '&a=b', ',"x":1}', body]) }
  return { ...wire, body: body.slice(0, at) + random.pick(ESCAPES) + body.slice(at) }
}

function bendJson(value: unknown, random: Random): unknown {
  if (random.chance(0.1)) return random.pick(VALUES) ?? {}
  if (Array.isArray(value) && value.length > 0 && random.chance(0.7)) {
    const at = random.int(value.length)
    return value.map((entry: unknown, index) => (index === at ? bendJson(entry, random) : entry))
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const members = { ...(value as Record<string, unknown>) }
    const name = random.pick([...Object.keys(members), random.pick(NAMES)])
    if (random.chance(0.15)) delete members[name]
    else members[name] = bendJson(members[name] ?? random.pick(VALUES), random)
    return members
  }
  return typeof value === 'string' && random.chance(0.6) ? bendValue(value, random) : random.pick(VALUES)
}

function keyOf(keys: Readonly<Record<string, JWK>>, name: string): JWK | undefined {
  return Object.hasOwn(keys, name) ? keys[name] : undefined
}
