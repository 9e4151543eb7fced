/** Every cell of `docs/revocation.md`, tried on the other process than the one that took the event. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { ALONE, EVENTS, WITH_KEY } from '../support/revocation-events.ts'
import {
  CALLBACK,
  CHECKS,
  hold,
  type Holdings,
  SCOPES,
  soon,
  type Stage,
  type Verdict,
} from '../support/revocation-holdings.ts'
import { type Server, startServers } from '../support/server.ts'

const LANES = 3
const TAKEN_AWAY = SCOPES[1]
const PROMISES = ['Ends at once', 'Ends within a second', 'Stays'] as const

const { columns, rows } = readTable(readFileSync(join(import.meta.dirname, '../../docs/revocation.md'), 'utf8'))
const outcomes = new Map<string, Map<string, Verdict | Error>>()

beforeAll(async () => {
  const waiting = Object.keys(EVENTS).filter((event) => !ALONE.has(event))
  const stage = await openStage()
  const lanes = Array.from({ length: LANES }, async () => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      outcomes.set(event, await outcomesOf(stage, event))
    }
  })
  const alone = [...ALONE].map(async (event) => outcomes.set(event, await outcomesOf(await openStage(), event)))
  await Promise.all([...lanes, ...alone])
}, 400_000)

/** Two processes, and those who are there for all. */
async function openStage(): Promise<Stage> {
  const [first, second] = (await startServers(2)) as [Server, Server]
  const admin = await administrator(first)
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'token' } })
  return {
    first,
    second,
    admin,
    gateway: createApp(first, await admin.client('machine', { signet_introspect: true }), CALLBACK),
    visitor: createApp(first, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK),
  }
}

/** Lets it happen once, and asks of everything that was held. */
async function outcomesOf(stage: Stage, event: string): Promise<Map<string, Verdict | Error>> {
  const results = new Map<string, Verdict | Error>()
  try {
    const holdings = await hold(stage, { withKey: WITH_KEY.has(event) })
    await isAllAlive(stage, holdings)
    await EVENTS[event]?.(stage, holdings)
    for (const [artefact, check] of Object.entries(CHECKS)) {
      const ask = () => check(stage, holdings)
      const cell = rows.get(event)?.get(artefact) ?? ''
      const isSoon = /^(Ends|Stays:) within a second/.test(cell)
      results.set(artefact, await (isSoon ? soon(ask, cell.startsWith('Stays')) : ask()).catch(asError))
    }
  } catch (error) {
    for (const artefact of Object.keys(CHECKS)) results.set(artefact, asError(error))
  }
  return results
}

/** What is asked without using it up was good before. */
async function isAllAlive(stage: Stage, holdings: Holdings): Promise<void> {
  for (const [artefact, check] of Object.entries(CHECKS)) {
    if (
      ['Code', 'Device code', 'Approved backchannel request', 'Pushed request', 'Password reset link'].includes(
        artefact,
      )
    )
      continue
    expect(await check(stage, holdings), artefact).toMatchObject({ isAlive: true })
  }
}

test('the table has a row for every event, a column for every artefact, and at least 60 cells', () => {
  expect([...rows.keys()].toSorted()).toEqual(Object.keys(EVENTS).toSorted())
  expect(columns.toSorted()).toEqual(Object.keys(CHECKS).toSorted())
  expect(rows.size * columns.length).toBeGreaterThanOrEqual(60)
})

describe.each(Object.keys(EVENTS))('%s', (event) => {
  test.each(Object.keys(CHECKS))('%s', (artefact) => {
    const cell = rows.get(event)?.get(artefact) ?? ''
    const promise = PROMISES.find((words) => cell.startsWith(words))
    expect(promise, `the cell says what becomes of it: "${cell}"`).toBeDefined()
    expect(cell, 'the cell is a sentence').toMatch(/^[A-Z].*\.$/)
    const outcome = outcomes.get(event)?.get(artefact)
    if (outcome instanceof Error) throw outcome
    expect(outcome?.isAlive).toBe(promise === 'Stays')
    if (!/lacks the scope/.test(cell)) return
    expect(outcome?.scopes).not.toContain(TAKEN_AWAY)
  })
})

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** The one table of the document: the cells by row and column. */
function readTable(markdown: string): { columns: string[]; rows: Map<string, Map<string, string>> } {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'))
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const [header = '', _rule, ...body] = lines
  const columns = cells(header).slice(1)
  const rows = new Map(
    body.map((line) => {
      const [event = '', ...sentences] = cells(line)
      return [event, new Map(columns.map((column, index) => [column, sentences[index] ?? '']))]
    }),
  )
  return { columns, rows }
}
