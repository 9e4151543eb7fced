/** Prints the output of commands: JSON documents, result lines, aligned details and tables. */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { CliContext } from './context.ts'

type Stream = NodeJS.WriteStream
type Style = Parameters<typeof styleText>[0]

const GAP = '  '
const DEFAULT_WIDTH = 80
const NARROWEST_CELL = 8
/** Characters that are two terminal columns wide: CJK, Hangul, full-width forms, most emoji. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}]/u

export interface Column {
  readonly title: string
  /** The style of a cell by its state; the word itself states it too. */
  readonly style?: (cell: string) => Style | undefined
}

export function print(context: CliContext, ...lines: readonly string[]): void {
  for (const line of lines) context.stdout.write(`${line}\n`)
}

/** Prints one JSON document and nothing else. */
export function printJson(context: CliContext, document: unknown): void {
  print(context, JSON.stringify(document, null, 2))
}

/** Prints a JSON array of all items as they arrive. */
export async function printJsonList(context: CliContext, items: AsyncIterable<unknown>): Promise<void> {
  let open = '['
  for await (const item of items) {
    context.stdout.write(`${open}\n${indent(JSON.stringify(item, null, 2))}`)
    open = ','
  }
  print(context, open === '[' ? '[]' : '\n]')
}

/** Prints names and values in two aligned columns; further lines of a value continue in its column. */
export function printDetails(context: CliContext, details: readonly (readonly [string, unknown])[]): void {
  const shown = details.filter(([, value]) => !isEmpty(value))
  const width = Math.max(...shown.map(([name]) => name.length))
  for (const [name, value] of shown) {
    const [first = '', ...rest] = (Array.isArray(value) ? value : [value]).map(printable)
    print(context, `${GAP}${pad(name, width)}${GAP}${first}`)
    for (const line of rest) print(context, `${GAP}${' '.repeat(width)}${GAP}${line}`)
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

/**
 * Prints aligned columns and omits empty ones. On a terminal, shortens the widest so that each row fits on one line.
 */
export function printTable(
  context: CliContext,
  allColumns: readonly Column[],
  rows: readonly (readonly unknown[])[],
): void {
  const isUsed = (_: unknown, at: number) => rows.some((row) => !isEmpty(row[at]))
  const columns = allColumns.filter(isUsed)
  const cells = rows.map((row) => row.filter(isUsed).map(printable))
  const widths = fitWidths(
    columns.map(({ title }, at) => Math.max(title.length, ...cells.map((row) => widthOf(row[at] ?? '')))),
    context.stdout,
  )
  const last = columns.length - 1
  const line = (row: readonly string[], style: (cell: string, at: number) => string) =>
    row.map((cell, at) =>
      style(at === last ? truncate(cell, widths[at]) : pad(truncate(cell, widths[at]), widths[at] ?? 0), at),
    )
  print(
    context,
    line(
      columns.map(({ title }) => title),
      (cell) => paint(context.stdout, 'dim', cell),
    ).join(GAP),
  )
  for (const row of cells) {
    const painted = line(row, (cell, at) => paint(context.stdout, columns[at]?.style?.(cell.trim()), cell))
    print(context, painted.join(GAP).trimEnd())
  }
}

/** Green for active states, yellow for disabled ones, red for failures. */
export function stateStyle(cell: string): Style | undefined {
  if (['enabled', 'current', 'success'].includes(cell)) return 'green'
  if (['disabled', 'retired', 'archived'].includes(cell)) return 'yellow'
  return cell === 'failure' ? 'red' : undefined
}

/** Formats a time of the API to the second, with UTC. */
export function moment(time: unknown): string {
  const text = clockTime(time)
  return text === '' ? '' : `${text} UTC`
}

/** Formats a time to the second, for a column whose title says UTC. */
export function clockTime(time: unknown): string {
  return typeof time === 'string' ? `${time.slice(0, 10)} ${time.slice(11, 19)}` : ''
}

/**
 * Returns the value as one line without control characters, because text from the server must not control the terminal.
 */
function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value)
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, ' ')
}

// styleText respects NO_COLOR and checks whether the stream is a terminal.
function paint(stream: Stream, style: Style | undefined, text: string): string {
  return style === undefined ? text : styleText(style, text, { stream })
}

function fitWidths(widths: number[], stream: Stream): number[] {
  if (!stream.isTTY) return widths
  const available = (stream.columns || DEFAULT_WIDTH) - GAP.length * (widths.length - 1)
  const fitted = [...widths]
  while (sum(fitted) > available) {
    const widest = fitted.indexOf(Math.max(...fitted))
    if ((fitted[widest] ?? 0) <= NARROWEST_CELL) break
    fitted[widest] = (fitted[widest] ?? 0) - 1
  }
  return fitted
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function truncate(text: string, width = Infinity): string {
  if (widthOf(text) <= width) return text
  let shortened = ''
  for (const character of text) {
    if (widthOf(shortened + character) > width - 1) break
    shortened += character
  }
  return `${shortened}…`
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += WIDE.test(character) ? 2 : 1
  return width
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

/** Collects all items of a list. */
export async function collectAll<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
