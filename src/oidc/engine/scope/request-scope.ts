/** The state of one HTTP request while the engine handles it, with one part for each purpose. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { PresentedAssertion } from './assertion.ts'
import { createGrantReads, type GrantReads } from './grant-reads.ts'
import type { PresentedToken } from './presented-token.ts'
import type { SessionReads } from './session.ts'
import { createUnitOfWork, type UnitOfWork } from './unit-of-work.ts'

export interface RequestScope {
  /** Only at the token endpoint. */
  readonly unit: UnitOfWork | undefined
  readonly grants: GrantReads
  readonly session: SessionReads
  /** Set once the client is known, when it authenticates by assertion. */
  assertion: PresentedAssertion | undefined
  /** The claims of the request object (RFC 9101) that was sent by value or is being pushed, once our rules hold. */
  requestObject: Readonly<Record<string, unknown>> | undefined
  readonly token: PresentedToken
  /** The id of a disabled client that was looked up. */
  disabledClient: string | undefined
}

export interface ScopeOptions {
  /** Whether token writes are collected in a unit of work. */
  readonly collect: boolean
  readonly seenFrom?: SessionReads['seenFrom']
  readonly revokedEvent?: PresentedToken['revokedEvent']
}

const storage = new AsyncLocalStorage<RequestScope>()

/** Runs `work` in a new scope. */
export function inRequestScope<T>(options: ScopeOptions, work: (scope: RequestScope) => Promise<T>): Promise<T> {
  const scope: RequestScope = {
    unit: options.collect ? createUnitOfWork() : undefined,
    grants: createGrantReads(),
    session: { loaded: undefined, replacedId: undefined, seenFrom: options.seenFrom ?? (() => undefined) },
    assertion: undefined,
    requestObject: undefined,
    token: { structured: undefined, revokedEvent: options.revokedEvent ?? (() => []) },
    disabledClient: undefined,
  }
  return storage.run(scope, () => work(scope))
}

/** Returns the scope of the current request; undefined outside the protocol endpoints. */
export function requestScope(): RequestScope | undefined {
  return storage.getStore()
}
