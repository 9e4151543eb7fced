/** Sends bent requests to a server for a while and tells what it answered, how fast, and how it fared meanwhile. */
import { setTimeout as delay } from 'node:timers/promises'
import { sendRaw } from '../http/loopback.ts'
import { adminRequest } from './admin-requests.ts'
import { type Draft, serialize, type Wire } from './draft.ts'
import { bend } from './mutations.ts'
import { createRandom, type Random } from './random.ts'
import { REQUESTS } from './requests.ts'
import type { Maker, Stage } from './stage.ts'
import { faultsOf } from './verdict.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly durationMs: number
  readonly concurrency: number
  /** Told of each faulty answer. */
  onFault(found: { wire: Wire; fault: string; request: number; answer: string }): void
}

export interface FuzzFigures {
  readonly requests: number
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>
  /** How many requests were made from each kind. */
  readonly kinds: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  readonly slowestMs: number
  /** Right requests that could not be made, since a bent one had ended what they need. */
  readonly unmade: number
}

const ADMIN_WEIGHT = 14

export async function fuzz(stage: Stage, options: FuzzOptions): Promise<FuzzFigures> {
  const until = performance.now() + options.durationMs
  const figures = { requests: 0, statuses: {}, kinds: {}, faults: {}, slowestMs: 0, unmade: 0 } satisfies FuzzFigures
  const host = `localhost:${stage.server.port}`
  let next = 0

  async function one(request: number): Promise<void> {
    const random = createRandom(options.seed, request)
    const draft = await makeDraft(stage, random)
    if (draft === undefined) {
      figures.unmade += 1
      await delay(20)
      return
    }
    const wire = bend(draft, random)
    const began = performance.now()
    const answer = await sendRaw(stage.server.port, serialize(wire, host))
    const elapsed = performance.now() - began
    figures.requests += 1
    figures.slowestMs = Math.max(figures.slowestMs, Math.round(elapsed))
    count(figures.statuses, String(answer.status))
    count(figures.kinds, draft.name)
    for (const fault of faultsOf(wire, answer, elapsed, stage)) {
      count(figures.faults, fault)
      options.onFault({ wire, fault, request, answer: answer.text })
    }
  }

  async function worker(): Promise<void> {
    while (performance.now() < until) await one(next++)
  }
  await Promise.all(Array.from({ length: options.concurrency }, worker))
  return figures
}

async function makeDraft(stage: Stage, random: Random): Promise<Draft | undefined> {
  try {
    return await pickMaker(random)(stage, random)
  } catch (error) {
    if (process.env['FUZZ_SHOW_UNMADE'] !== undefined)
      process.stderr.write(`${String(error).slice(0, 300)} ${String((error as Error).cause)}\n`)
    stage.renew()
    return undefined
  }
}

const total = REQUESTS.reduce((sum, [weight]) => sum + weight, ADMIN_WEIGHT)

function pickMaker(random: Random): Maker {
  let left = (random.int(1e6) / 1e6) * total - ADMIN_WEIGHT
  if (left < 0) return adminRequest
  for (const [weight, maker] of REQUESTS) {
    left -= weight
    if (left < 0) return maker
  }
  return adminRequest
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
