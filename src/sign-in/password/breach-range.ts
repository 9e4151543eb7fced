/** Queries a server of the Pwned Passwords range protocol (opt-in). */
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'

const PATH = 'range/'

export interface BreachRangeDeps {
  readonly fetch: GuardedFetch
  /** The setting with the server's URL; null turns the query off. */
  readonly url: () => string | null
  /** Called if the query fails. The password is then accepted, because it passed the bundled list already. */
  readonly onError: (error: unknown) => void
}

/** Returns a function from five hexadecimal digits to the server's lines; undefined if it is off or the query fails. */
export function createBreachRange({ fetch, url, onError }: BreachRangeDeps) {
  return async (prefix: string): Promise<string | undefined> => {
    const base = url()
    if (base === null) return undefined
    try {
      const response = await fetch(new URL(PATH + prefix, base.endsWith('/') ? base : `${base}/`), {
        'add-padding': 'true',
      })
      if (!response.ok) throw new Error(`the server answered ${response.status}`)
      return await response.text()
    } catch (error) {
      onError(error)
      return undefined
    }
  }
}
