/** Pauses operations at every statement they send to PostgreSQL, so that a test decides which one goes on next. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database, QueryResult } from '#database/database.ts'

/** An operation under the scheduler's hand: always either paused before a statement, or over. */
export interface Operation<Answer> {
  readonly name: string
  /** Statements that were run for it so far, in their order. */
  readonly statements: readonly string[]
  /** What came of it; undefined while it is under way, and for ever once it crashed. */
  readonly answer: Answer | undefined
  readonly isOver: boolean
  /** Runs its next statement and waits until it is paused again or over. */
  step(): Promise<void>
  /** Its process ends, before its next statement or right after it; what it would have done never happens. */
  crash(when: 'before' | 'after'): Promise<void>
}

interface Paused {
  readonly text: string
  /** Runs the statement; without `deliver` its result reaches nobody. */
  run(deliver: boolean): Promise<void>
}

interface State {
  readonly paused: Paused[]
  over: boolean
  crashed: boolean
  changed: PromiseWithResolvers<void>
}

const storage = new AsyncLocalStorage<State>()
/** Nothing here takes long: an operation that does neither pause nor end has a fault, or waits for another one. */
const PATIENCE_MS = 30_000

/** The database as operations see it: a statement of one waits for its turn, all others run at once. */
export function scheduledDatabase(db: Database): Database {
  return {
    query<Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> {
      const state = storage.getStore()
      if (state?.crashed) return new Promise<never>(() => undefined)
      if (!state || state.over) return db.query<Row>(text, values)
      const { promise, resolve, reject } = Promise.withResolvers<QueryResult<Row>>()
      state.paused.push({
        text,
        async run(deliver) {
          const [result] = await Promise.allSettled([db.query<Row>(text, values)])
          if (!deliver) return
          if (result.status === 'fulfilled') resolve(result.value)
          else reject(result.reason as Error)
        },
      })
      wake(state)
      return promise
    },
    transaction(work) {
      const state = storage.getStore()
      // one that is paused would keep its locks, and block the schedule
      if (state && !state.over) throw new TypeError('an operation with a transaction cannot be scheduled')
      return db.transaction(work)
    },
    close: () => db.close(),
  }
}

export interface Starting<Answer> {
  readonly name: string
  /** Sends the request; inside, its statements belong to the operation. */
  run(): Promise<Answer>
  /** Ends what is left of the process of an operation that crashed. */
  abandon(): void
}

/** Runs `handle` as part of the operation that `key` stands for, when there is one. */
export function inOperation(key: string | undefined, handle: () => void): void {
  const state = key === undefined ? undefined : underWay.get(key)
  if (state) storage.run(state, handle)
  else handle()
}

const underWay = new Map<string, State>()

/** Begins an operation under `key` and brings it to its first pause. */
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
    const timer = setTimeout(() => impatience.reject(new Error(`${name} neither pauses nor ends`)), PATIENCE_MS)
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
