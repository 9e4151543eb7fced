/** Runs one fault: load, injection, recovery, and the judgement over everything that was answered meanwhile. */
import { setTimeout as delay } from 'node:timers/promises'
import { random as seededRandom } from '../support/schedules.ts'
import type { Expect } from './expectations.ts'
import { finalState, markOf } from './final-state.ts'
import type { Outcome } from './history.ts'
import { ANSWER_MS, violationsOf } from './invariants.ts'
import { type Load, type LoadOptions, startLoad, type Violation } from './load.ts'
import type { World } from './world.ts'

/** What a fault has at hand while it is injected. */
export interface Scene {
  readonly world: World
  readonly load: Load
  readonly random: () => number
  readonly expect: Expect
  /** PostgreSQL could write nothing between the two moments. */
  away(from: number, to: number): void
  /** How long it took from the end of the fault until everything was normal. */
  recovered(ms: number): void
  /** A figure for the report. */
  note(text: string): void
}

export interface Fault {
  /** As in the catalogue: F1, F2, … */
  readonly id: string
  /** What is done, in a few words. */
  readonly name: string
  /** It takes more of the machine than leaves every 503 its three seconds: too many callers, or processes that start. */
  readonly overloads?: boolean
  /** Why it cannot be injected here, or undefined. */
  skip?(): string | undefined
  /** Injects it, checks what the world must see, and takes it away again. */
  inject(scene: Scene): Promise<void>
}

export interface Result {
  readonly fault: Pick<Fault, 'id' | 'name'>
  readonly skipped: string | undefined
  readonly operations: Record<Outcome, number>
  readonly recoveredMs: number | undefined
  readonly notes: readonly string[]
  readonly violations: readonly Violation[]
  readonly seconds: number
}

export interface RunOptions extends LoadOptions {
  /** The load runs so long before the fault and after the recovery. */
  readonly settleMs: number
}

/** After the recovery connections that were waiting for their turn may still be answered with 503. */
const CALM_AFTER_MS = 500

export async function runFault(world: World, fault: Fault, options: RunOptions): Promise<Result> {
  const started = performance.now()
  const skipped = fault.skip?.()
  const told = { notes: [] as string[], violations: [] as Violation[], away: [] as { from: number; to: number }[] }
  let recoveredMs: number | undefined
  if (skipped !== undefined) return { ...none(fault), skipped }
  const mark = await markOf(world)
  const load = await startLoad(world, options)
  await delay(options.settleMs)
  const expect: Expect = (ok, what) => void (ok || told.violations.push({ rule: 'seen', what }))
  try {
    await fault.inject({
      world,
      load,
      expect,
      random: seededRandom(options.seed * 7919 + 1),
      away: (from, to) => void told.away.push({ from, to }),
      recovered(ms) {
        recoveredMs = ms
      },
      note: (text) => void told.notes.push(text),
    })
  } catch (error) {
    told.violations.push({
      rule: 'seen',
      what: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
  const calmFrom = performance.now() + CALM_AFTER_MS
  await delay(options.settleMs)
  await load.stop()
  const { operations } = load.history
  const answerMs = fault.overloads ? undefined : ANSWER_MS * world.patience
  const final = await finalState(world, load, mark)
  return {
    ...none(fault),
    operations: load.history.count(),
    recoveredMs,
    notes: told.notes,
    violations: [
      ...told.violations,
      ...load.complaints,
      ...violationsOf({ operations, final, away: told.away, calmFrom, answerMs }),
    ],
    seconds: (performance.now() - started) / 1000,
  }
}

function none({ id, name }: Fault): Result {
  const operations = { ok: 0, fail: 0, unknown: 0 }
  return {
    fault: { id, name },
    skipped: undefined,
    operations,
    recoveredMs: undefined,
    notes: [],
    violations: [],
    seconds: 0,
  }
}
