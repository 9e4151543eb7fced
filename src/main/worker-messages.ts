/** The messages between the primary process and its workers. */
import type { Worker } from 'node:cluster'
import type { MetricsSnapshot } from '#observability/metrics.ts'
import type { DatabaseUrls } from './database.ts'

export type ToWorker =
  | { readonly kind: 'start'; readonly database: DatabaseUrls }
  | { readonly kind: 'ask'; readonly id: number }
  | { readonly kind: 'drain'; readonly timeoutMs: number }

export type FromWorker =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'serving' }
  | { readonly kind: 'figures'; readonly id: number; readonly snapshot: MetricsSnapshot }
  | { readonly kind: 'drained'; readonly cut: number }

/** Sends a message to a worker that is still connected. */
export function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {})
}

/** Resolves with the next message of a kind (and id, if given), or undefined when the worker exits first. */
export function nextMessage<Kind extends FromWorker['kind']>(
  worker: Worker,
  kind: Kind,
  id?: number,
): Promise<Extract<FromWorker, { kind: Kind }> | undefined> {
  return new Promise((resolve) => {
    function settle(message?: Extract<FromWorker, { kind: Kind }>): void {
      worker.off('message', onMessage).off('exit', onExit)
      resolve(message)
    }
    function onMessage(message: FromWorker): void {
      if (message.kind !== kind || (id !== undefined && 'id' in message && message.id !== id)) return
      settle(message as Extract<FromWorker, { kind: Kind }>)
    }
    function onExit(): void {
      settle()
    }
    worker.on('message', onMessage).once('exit', onExit)
  })
}
