/** What a person at a terminal sees: aligned columns, colour for state, questions before something is destroyed. */
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { confirm } from '../../src/cli/confirm.ts'
import type { CliContext } from '../../src/cli/context.ts'
import { printDetails, printTable, stateStyle } from '../../src/cli/output.ts'

interface Terminal {
  readonly context: CliContext
  readonly stdout: () => string
  readonly stderr: () => string
}

function terminal(options: { tty: boolean; columns?: number; typed?: string }): Terminal {
  const streams = ['stdin', 'stdout', 'stderr'].map(() => Object.assign(new PassThrough(), { isTTY: options.tty }))
  const [stdin, stdout, stderr] = streams as unknown as [PassThrough, PassThrough, PassThrough]
  Object.assign(stdout, { columns: options.columns ?? 80, getColorDepth: () => 8, hasColors: () => options.tty })
  stdin.end(options.typed ?? '')
  const read = (stream: PassThrough) => {
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    return () => text
  }
  const context = { env: {}, stdin, stdout, stderr, serve: async () => 0 } as unknown as CliContext
  return { context, stdout: read(stdout), stderr: read(stderr) }
}

const tick = () => new Promise((resolve) => setImmediate(resolve))
const COLUMNS = [{ title: 'NAME' }, { title: 'URL' }, { title: 'STATUS', style: stateStyle }]

test('aligns columns, also of Korean names', async () => {
  const { context, stdout } = terminal({ tty: false })
  printTable(context, COLUMNS, [
    ['쇼핑', 'https://a.example', 'enabled'],
    ['Shop', 'https://bb.example', 'disabled'],
  ])
  await tick()
  expect(stdout()).toBe(
    [
      'NAME  URL                 STATUS',
      '쇼핑  https://a.example   enabled',
      'Shop  https://bb.example  disabled',
      '',
    ].join('\n'),
  )
})

test('leaves out columns in which nothing stands', async () => {
  const { context, stdout } = terminal({ tty: false })
  printTable(context, COLUMNS, [['Shop', null, 'enabled']])
  await tick()
  expect(stdout()).toBe('NAME  STATUS\nShop  enabled\n')
})

test('cuts the widest column to the width of a terminal, and nothing elsewhere', async () => {
  const row = ['Shop', `https://${'a'.repeat(80)}.example`, 'enabled']
  const narrow = terminal({ tty: true, columns: 40 })
  printTable(narrow.context, COLUMNS, [row])
  const piped = terminal({ tty: false, columns: 40 })
  printTable(piped.context, COLUMNS, [row])
  await tick()
  const lines = stripVTControlCharacters(narrow.stdout()).trimEnd().split('\n')
  expect(lines[1]).toMatch(/^Shop {2}https:\/\/a+… {2}enabled$/)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40)
  expect(piped.stdout()).toContain(row[1] as string)
})

test('lets no name move the cursor or write a line of its own', async () => {
  const { context, stdout } = terminal({ tty: false })
  printDetails(context, [
    ['name', 'Shop\n\u001B[2Jadmin\u0007'],
    ['empty', []],
  ])
  await tick()
  expect(stdout()).toBe('  name  Shop admin \n')
})

test.each([
  ['y', true],
  ['yes', true],
  ['n', false],
  ['', false],
  ['client', false],
])('asks on a terminal and takes %j for %s', async (typed, goesOn) => {
  const { context, stderr } = terminal({ tty: true, typed: `${typed}\n` })
  const answer = confirm(context, 'Delete the client billing?', {})
  if (goesOn) await expect(answer).resolves.toBeUndefined()
  else await expect(answer).rejects.toMatchObject({ code: 'cancelled', exitCode: 1, message: 'Nothing was changed.' })
  expect(stripVTControlCharacters(stderr())).toContain('Delete the client billing? [y/N]')
})

test('takes Ctrl-D for no', async () => {
  const { context } = terminal({ tty: true, typed: '' })
  await expect(confirm(context, 'Delete?', {})).rejects.toMatchObject({ code: 'cancelled' })
})

test('asks nothing with --yes, on a terminal or not', async () => {
  const streams = [terminal({ tty: false }), terminal({ tty: true })]
  for (const { context } of streams) await confirm(context, 'Delete?', { yes: true })
  expect(streams.map(({ stderr }) => stderr()).join('')).toBe('')
})

test('refuses without a terminal and without --yes', async () => {
  const { context, stderr } = terminal({ tty: false, typed: 'y\n' })
  await expect(confirm(context, 'Delete?', {})).rejects.toMatchObject({
    code: 'confirmation_required',
    exitCode: 2,
    message: 'Delete? There is no terminal to ask on: add --yes to do it. Nothing was changed.',
  })
  expect(stderr()).toBe('')
})
