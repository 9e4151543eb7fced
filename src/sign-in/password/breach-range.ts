/** The opt-in question to a server of the Pwned Passwords range protocol. */
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'

const PATH = 'range/'

export interface BreachRangeDeps {
  readonly fetch: GuardedFetch
  /** Where the server is, or null: nobody is asked. A setting. */
  readonly url: () => string | null
  /** Told when it did not answer: the password is then taken, for the bundled list was asked before. */
  readonly onError: (error: unknown) => void
}

/** The lines for a prefix of five hexadecimal digits; undefined when nobody is asked or nobody answered. */
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
