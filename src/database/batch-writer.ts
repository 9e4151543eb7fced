/** Group commit: concurrent single-row writes share one statement and one commit. */
import { DatabaseUnavailable } from './errors.ts'

export interface BatchWriter<Item, Result> {
  /** Resolves with the item's result once its row is committed; throws what writing it threw. */
  submit(item: Item): Promise<Result>
  /** Resolves when nothing waits or is being written. */
  idle(): Promise<void>
}

export interface BatchWriterOptions<Item, Result> {
  /** Writes all items in one statement or transaction, and returns their results in the same order. */
  write(items: Item[]): Promise<Result[]>
  readonly maxBatch: number
}

interface Waiting<Item, Result> {
  readonly item: Item
  /** `performance.now()` */
  readonly since: number
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** With the time that one statement may take, an answer is still there within three seconds. */
const PATIENCE_MS = 200

/**
 * One write is in flight at a time; what is submitted meanwhile makes the next one. When a batch is refused its items
 * are written one by one, so that each gets its own result and a bad one spoils no other.
 */
export function createBatchWriter<Item, Result>(options: BatchWriterOptions<Item, Result>): BatchWriter<Item, Result> {
  const queue: Waiting<Item, Result>[] = []
  let drained: Promise<void> | undefined

  async function drain(): Promise<void> {
    await Promise.resolve() // what is submitted in the same turn goes together
    while (queue.length > 0) await writeBatch(queue.splice(0, options.maxBatch))
    drained = undefined
  }

  async function writeBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    let results: Result[]
    try {
      results = await options.write(batch.map(({ item }) => item))
    } catch (error) {
      // a server that cannot answer is not asked again for each item; whether it wrote them is unknown
      if (error instanceof DatabaseUnavailable) return refuse([...batch, ...takeImpatient()], error)
      if (batch.length === 1) return refuse(batch, error)
      for (const one of batch) await writeBatch([one])
      return
    }
    if (results.length !== batch.length) return refuse(batch, new TypeError('a batch has one result for each item'))
    batch.forEach(({ resolve }, index) => resolve(results[index] as Result))
  }

  /** Those who waited for the batch that failed so long that a wait of their own would be too long for an answer. */
  function takeImpatient(): Waiting<Item, Result>[] {
    const patient = queue.findIndex(({ since }) => performance.now() - since < PATIENCE_MS)
    return queue.splice(0, patient === -1 ? queue.length : patient)
  }

  function refuse(batch: Waiting<Item, Result>[], error: unknown): void {
    for (const { reject } of batch) reject(error)
  }

  return {
    submit(item) {
      const { promise, resolve, reject } = Promise.withResolvers<Result>()
      queue.push({ item, since: performance.now(), resolve, reject })
      drained ??= drain()
      return promise
    },
    async idle() {
      await drained
    },
  }
}
