/** The only deep import of oidc-provider: reads and changes state of the engine that has no public API. */
import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
// @ts-expect-error the engine ships no types for its inner modules
import instance from 'oidc-provider/lib/helpers/weak_cache.js'
// @ts-expect-error the engine ships no types for its inner modules
import { LOOPBACKS } from 'oidc-provider/lib/consts/client_attributes.js'
// @ts-expect-error the engine ships no types for its inner modules
import { confirm } from 'oidc-provider/lib/actions/end_session.js'

interface EngineState {
  configuration: { clockTolerance: number; features: { richAuthorizationRequests: { types: object } } }
  grantTypeHandlers: Map<string, GrantHandler>
  /** The key `undefined` holds the parameters of all grants. */
  grantTypeParams: Map<string | undefined, Set<string>>
  responseModes: Map<string, ResponseMode>
}

/** Answers at a registered redirect URI with the parameters of the answer. */
export type ResponseMode = (
  ctx: KoaContextWithOIDC,
  redirectUri: string,
  answer: Readonly<Record<string, string>>,
) => Promise<void> | void

export type GrantHandler = (ctx: KoaContextWithOIDC) => Promise<void>

/** Makes the clock tolerance (seconds) depend on the request. The engine reads it from its configuration each time. */
export function setClockTolerance(provider: Provider, tolerance: () => number): void {
  const state: EngineState = instance(provider)
  Object.defineProperty(state.configuration, 'clockTolerance', { configurable: true, get: tolerance })
}

/** Returns the handler and parameters of each grant type of the engine, live: `registerGrantType` changes them. */
export function grantTypesOf(provider: Provider): {
  readonly handlers: ReadonlyMap<string, GrantHandler>
  readonly parameters: ReadonlyMap<string, ReadonlySet<string>>
} {
  const state: EngineState = instance(provider)
  return {
    handlers: state.grantTypeHandlers,
    get parameters() {
      const all = [...state.grantTypeParams].flatMap(([type, names]) =>
        type === undefined ? [] : [[type, names] as const],
      )
      return new Map(all)
    },
  }
}

/** Replaces the handler of a grant type that the engine has; its parameters stay. Does nothing without the grant type. */
export function wrapGrantHandler(
  provider: Provider,
  grantType: string,
  wrap: (handle: GrantHandler) => GrantHandler,
): void {
  const { grantTypeHandlers }: EngineState = instance(provider)
  const handle = grantTypeHandlers.get(grantType)
  if (handle) grantTypeHandlers.set(grantType, wrap(handle))
}

/** Returns the handler of a response mode, as it is now. */
export function responseModeOf(provider: Provider, name: string): ResponseMode {
  const state: EngineState = instance(provider)
  const mode = state.responseModes.get(name)
  if (!mode) throw new TypeError(`the engine has no response mode ${name}`)
  return mode
}

/** Replaces a response mode; `registerResponseMode` only adds one. */
export function setResponseMode(provider: Provider, name: string, mode: ResponseMode): void {
  const state: EngineState = instance(provider)
  state.responseModes.set(name, mode)
}

/** Makes the engine use one row for every type of authorization details. Its list of types stays empty. */
export function setDetailsTypes(provider: Provider, row: object): void {
  const state: EngineState = instance(provider)
  state.configuration.features.richAuthorizationRequests.types = new Proxy(
    {},
    {
      get: () => row,
      getOwnPropertyDescriptor: () => ({ value: row, configurable: true, enumerable: true, writable: true }),
      ownKeys: () => [],
    },
  )
}

/** Replaces the engine's check for loopback hosts. */
export function setLoopbackHosts(isLoopback: (host: string) => boolean): void {
  Object.assign(LOOPBACKS as Set<string>, { has: isLoopback })
}

/** Ends the session of a sign-out request, as if the person had confirmed it. Answers with 303. */
export async function confirmSignOut(ctx: KoaContextWithOIDC): Promise<void> {
  Object.assign(ctx.oidc.params as object, { logout: 'yes' })
  await (confirm as readonly GrantHandler[]).at(-1)?.(ctx)
}
