/** Group commit: concurrent single-row writes share one statement and one commit. */
import { DatabaseUnavailable } from './errors.ts'

export interface BatchWriter<Item, Result> {
  /** Resolves with the item's result once its row is committed. Rejects with the error of the write. */
  submit(item: Item): Promise<Result>
  /** Resolves when the queue is empty and no write is running. */
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

/**
 * How long an item may have waited to be tried again after a failed batch. With the time limit of one statement, its
 * caller still gets an answer within three seconds.
 */
const MAX_WAIT_MS = 200

/**
 * Creates a batch writer. One write runs at a time; items submitted meanwhile form the next batch. When a batch fails,
 * its items are written one by one, so that each gets its own result and one bad item fails alone.
 */
export function createBatchWriter<Item, Result>(options: BatchWriterOptions<Item, Result>): BatchWriter<Item, Result> {
  const queue: Waiting<Item, Result>[] = []
  let drained: Promise<void> | undefined

  async function drain(): Promise<void> {
    await Promise.resolve() // items submitted in the same turn form one batch
    while (queue.length > 0) await writeBatch(queue.splice(0, options.maxBatch))
    drained = undefined
  }

  async function writeBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    let results: Result[]
    try {
      results = await options.write(batch.map(({ item }) => item))
    } catch (error) {
      // do not retry each item when the server cannot answer; whether it wrote the batch is unknown
      if (error instanceof DatabaseUnavailable) return rejectAll([...batch, ...takeOverdue()], error)
      if (batch.length === 1) return rejectAll(batch, error)
      for (const entry of batch) await writeBatch([entry])
      return
    }
    if (results.length !== batch.length) return rejectAll(batch, new TypeError('a batch has one result for each item'))
    batch.forEach(({ resolve }, index) => resolve(results[index] as Result))
  }

  /** Removes and returns the queued items that have waited too long to be tried with another batch. */
  function takeOverdue(): Waiting<Item, Result>[] {
    const firstRecent = queue.findIndex(({ since }) => performance.now() - since < MAX_WAIT_MS)
    return queue.splice(0, firstRecent === -1 ? queue.length : firstRecent)
  }

  function rejectAll(batch: Waiting<Item, Result>[], error: unknown): void {
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
