/** The keys behind a client's `jwks_uri`: how long a set is believed, and when it is asked for again. */
import type { Client as EngineClient } from 'oidc-provider'

/** Seconds. A client cannot make us believe a key for longer than this, whatever its headers say. */
const MAX_AGE = 600
/** One forced refetch in so many seconds for a `kid` that is not in the set. */
const UNKNOWN_KEY_INTERVAL = 30

interface EngineKeyStore {
  jwksUri: string | undefined
  freshUntil: number | undefined
  fresh(): boolean
  refresh(): Promise<void>
  selectForVerify(options: object): unknown[]
}

const now = () => Math.floor(Date.now() / 1000)

/**
 * The engine believes a set for as long as its `Cache-Control` says and looks for an unknown key only when it is stale.
 * Here the age is capped, an unknown key makes it look once more, and a set that cannot be fetched is replaced by the
 * last one that could.
 */
export function tendKeyStore(client: EngineClient): void {
  const { asymmetricKeyStore: store } = client as unknown as { asymmetricKeyStore: EngineKeyStore }
  if (store.jwksUri === undefined) return
  const refresh = store.refresh.bind(store)
  const select = store.selectForVerify.bind(store)
  let loaded = false
  let forcedAt = 0

  store.selectForVerify = (options) => {
    const keys = select(options)
    if (keys.length === 0 && store.fresh() && now() - forcedAt >= UNKNOWN_KEY_INTERVAL) {
      forcedAt = now()
      // the engine sees a stale set, refreshes it and selects once more
      store.freshUntil = 0
    }
    return keys
  }

  store.refresh = async () => {
    try {
      await refresh()
      loaded = true
      store.freshUntil = Math.min(store.freshUntil ?? 0, now() + MAX_AGE)
    } catch (error) {
      if (!loaded) throw error
      store.freshUntil = now() + UNKNOWN_KEY_INTERVAL
    }
  }
}
