/** What one HTTP request remembers while the engine handles it, a part for each purpose. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { PresentedAssertion } from './assertion.ts'
import { createGrantReads, type GrantReads } from './grant-reads.ts'
import type { PresentedToken } from './presented-token.ts'
import type { SessionReads } from './session.ts'
import { createUnitOfWork, type UnitOfWork } from './unit-of-work.ts'

export interface RequestScope {
  /** At the token endpoint alone. */
  readonly unit: UnitOfWork | undefined
  readonly grants: GrantReads
  readonly session: SessionReads
  /** Once the client of a request that authenticates by assertion is known. */
  assertion: PresentedAssertion | undefined
  readonly token: PresentedToken
}

export interface ScopeOptions {
  /** Whether writes of tokens wait for the unit of work. */
  readonly collect: boolean
  readonly seenFrom?: SessionReads['seenFrom']
  readonly revokedEvent?: PresentedToken['revokedEvent']
}

const storage = new AsyncLocalStorage<RequestScope>()

/** Runs the engine in a scope of its own. */
export function inRequestScope<T>(options: ScopeOptions, work: (scope: RequestScope) => Promise<T>): Promise<T> {
  const scope: RequestScope = {
    unit: options.collect ? createUnitOfWork() : undefined,
    grants: createGrantReads(),
    session: { loaded: undefined, replacedId: undefined, seenFrom: options.seenFrom ?? (() => undefined) },
    assertion: undefined,
    token: { structured: undefined, revokedEvent: options.revokedEvent ?? (() => []) },
  }
  return storage.run(scope, () => work(scope))
}

/** The scope of the request under way; undefined outside the protocol endpoints. */
export function requestScope(): RequestScope | undefined {
  return storage.getStore()
}
