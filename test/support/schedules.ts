/**
 * Schedules of concurrent operations: all of them, or random ones from a seed. The caller judges the result of each.
 */
import type { Operation } from './scheduler.ts'

/** One step of a schedule. */
export interface Move {
  /** The index of the operation. */
  readonly operation: number
  readonly act: 'step' | 'crash before' | 'crash after'
}

/** Chooses the next move of a schedule. */
export type Pick = (moves: readonly Move[]) => Move

export interface Rules<Answer> {
  /** Whether one operation may crash. */
  readonly crash: boolean
  /** Called when an operation has answered, before anything else continues. */
  readonly onAnswer?: (operation: Operation<Answer>) => Promise<void>
}

/** Runs the operations to their end in the order that `pick` chooses; the trace names each step. */
export async function play<Answer>(
  operations: readonly Operation<Answer>[],
  pick: Pick,
  { crash, onAnswer }: Rules<Answer>,
): Promise<string> {
  const trace: string[] = []
  let mayCrash = crash
  for (;;) {
    const open = operations.flatMap(({ isOver }, operation) => (isOver ? [] : [operation]))
    if (open.length === 0) return trace.join(', ')
    const move = pick(open.flatMap((operation) => movesOf(operation, operations, mayCrash)))
    const operation = operations[move.operation] as Operation<Answer>
    trace.push(`${operation.name}${move.act === 'step' ? '' : ` (${move.act})`} ${operation.statements.length + 1}`)
    if (move.act === 'step') await operation.step()
    else {
      mayCrash = false
      await operation.crash(move.act === 'crash before' ? 'before' : 'after')
    }
    if (operation.answer !== undefined) await onAnswer?.(operation)
  }
}

/**
 * Returns the possible moves. A crash before a statement equals a crash after the one before it, so only the first
 * statement has both.
 */
function movesOf<Answer>(operation: number, all: readonly Operation<Answer>[], mayCrash: boolean): Move[] {
  const moves: Move[] = [{ operation, act: 'step' }]
  if (mayCrash) moves.push({ operation, act: 'crash after' })
  if (mayCrash && all[operation]?.statements.length === 0) moves.push({ operation, act: 'crash before' })
  return moves
}

/** Calls `run` once for each possible schedule and returns how many there were. */
export async function everySchedule(run: (pick: Pick) => Promise<void>): Promise<number> {
  let decided: number[] = []
  for (let count = 1; ; count++) {
    const taken: number[] = []
    const sizes: number[] = []
    await run((moves) => {
      const choice = decided[taken.length] ?? 0
      taken.push(choice)
      sizes.push(moves.length)
      return moves[choice] as Move
    })
    const last = taken.findLastIndex((choice, index) => choice + 1 < (sizes[index] ?? 0))
    if (last === -1) return count
    decided = [...taken.slice(0, last), (taken[last] ?? 0) + 1]
  }
}

/** Runs `run` for `count` random schedules of about `steps` steps and returns `count`. An error names the seed. */
export async function someSchedules(
  run: (pick: Pick) => Promise<void>,
  { seed, count, steps }: { readonly seed: number; readonly count: number; readonly steps: number },
): Promise<number> {
  for (let index = 0; index < count; index++) {
    await run(randomPick(seed + index, steps)).catch((cause: unknown) => {
      throw new Error(`SIGNET_TEST_SEED=${seed + index} shows it again`, { cause })
    })
  }
  return count
}

/** Returns a generator of numbers in [0, 1) that depends only on the seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Chooses each operation with the same probability; the seed places a crash. */
export function randomPick(seed: number, steps: number): Pick {
  const next = random(seed)
  let crashIn = Math.floor(next() * steps)
  return (moves) => {
    const wanted = moves.filter(({ act }) => (act === 'step') !== crashIn <= 0)
    crashIn--
    const from = wanted.length > 0 ? wanted : moves.filter(({ act }) => act === 'step')
    return from[Math.floor(next() * from.length)] as Move
  }
}
