/** Pauses operations before each statement or transaction, so that a test decides which one continues. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database, QueryResult } from '#database/database.ts'

/** An operation under the scheduler: always paused before a statement, or finished. */
export interface Operation<Answer> {
  readonly name: string
  /** The statements that it has run, in order. */
  readonly statements: readonly string[]
  /** The result; undefined while it runs, and after a crash. */
  readonly answer: Answer | undefined
  readonly isOver: boolean
  /** Runs its next statement and waits until it is paused again or finished. */
  step(): Promise<void>
  /** Crashes its process before or after its next statement; the rest never happens. */
  crash(when: 'before' | 'after'): Promise<void>
}

interface Paused {
  readonly text: string
  /** Runs the statement; without `deliver` its result is dropped. */
  run(deliver: boolean): Promise<void>
}

interface State {
  readonly paused: Paused[]
  over: boolean
  crashed: boolean
  changed: PromiseWithResolvers<void>
}

const storage = new AsyncLocalStorage<State>()
/**
 * All steps are fast: an operation that neither pauses nor ends within this time has a fault, or waits for another one.
 */
const STEP_TIMEOUT_MS = 30_000

/** Wraps the database: statements and transactions of operations wait for their turn, all others run at once. */
export function scheduledDatabase(db: Database): Database {
  return {
    query: <Row>(text: string, values?: readonly unknown[]) =>
      inTurn<QueryResult<Row>>(text, () => db.query<Row>(text, values)),
    // as a whole: a paused transaction would keep its locks and block the schedule
    transaction: (work) => inTurn('transaction', () => db.transaction(work)),
    close: () => db.close(),
  }
}

function inTurn<Result>(text: string, work: () => Promise<Result>): Promise<Result> {
  const state = storage.getStore()
  if (state?.crashed) return new Promise<never>(() => undefined)
  if (!state || state.over) return work()
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  // the test lets it run, but it belongs to the request
  const own = AsyncLocalStorage.bind(work)
  state.paused.push({
    text,
    async run(deliver) {
      const [result] = await Promise.allSettled([own()])
      if (!deliver) return
      if (result.status === 'fulfilled') resolve(result.value)
      else reject(result.reason as Error)
    },
  })
  wake(state)
  return promise
}

export interface Starting<Answer> {
  readonly name: string
  /** Sends the request; its statements belong to the operation. */
  run(): Promise<Answer>
  /** Cleans up after the process of a crashed operation. */
  abandon(): void
}

/** Runs `handle` as part of the operation with `key`, if there is one. */
export function inOperation(key: string | undefined, handle: () => void): void {
  const state = key === undefined ? undefined : underWay.get(key)
  if (state) storage.run(state, handle)
  else handle()
}

const underWay = new Map<string, State>()

/** Starts an operation under `key` and runs it to its first pause. */
export async function begin<Answer>(key: string, { name, run, abandon }: Starting<Answer>): Promise<Operation<Answer>> {
  const state: State = { paused: [], over: false, crashed: false, changed: Promise.withResolvers() }
  const statements: string[] = []
  let answer: Answer | undefined
  let failure: unknown
  underWay.set(key, state)
  void run()
    .then(
      (given) => (answer = given),
      (error: unknown) => (failure = error),
    )
    .finally(() => {
      end()
    })

  function end(): void {
    state.over = true
    underWay.delete(key)
    wake(state)
  }

  async function runNext(deliver: boolean): Promise<void> {
    const next = state.paused.shift()
    if (!next) throw new TypeError(`${name} is not paused`)
    statements.push(next.text)
    await next.run(deliver)
  }

  async function settled(): Promise<void> {
    const impatience = Promise.withResolvers<never>()
    const timer = setTimeout(() => impatience.reject(new Error(`${name} neither pauses nor ends`)), STEP_TIMEOUT_MS)
    while (state.paused.length === 0 && !state.over) await Promise.race([state.changed.promise, impatience.promise])
    clearTimeout(timer)
    if (failure !== undefined && !state.crashed) throw failure as Error
  }

  await settled()
  return {
    name,
    statements,
    get answer() {
      return state.crashed ? undefined : answer
    },
    get isOver() {
      return state.over
    },
    async step() {
      await runNext(true)
      await settled()
    },
    async crash(when) {
      state.crashed = true
      if (when === 'after') await runNext(false)
      end()
      abandon()
    },
  }
}

function wake(state: State): void {
  const { resolve } = state.changed
  state.changed = Promise.withResolvers()
  resolve()
}
