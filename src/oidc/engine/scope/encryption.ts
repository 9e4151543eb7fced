/** Whether a JWT for a client is being encrypted: then its keys are looked up, and nothing is verified with them. */
import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<true>()

export function whileEncrypting<T>(work: () => Promise<T>): Promise<T> {
  return storage.run(true, work)
}

export function isEncrypting(): boolean {
  return storage.getStore() === true
}
