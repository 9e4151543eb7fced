/**
 * What: `clockTolerance` is 60 seconds while a client assertion is verified, and 15 otherwise.
 * Why: by FAPI 2.0 Security Profile §5.3.2.1 an `nbf` up to 10 seconds ahead is accepted, and one more than 60 seconds
 * ahead is refused. The engine has one tolerance for everything it verifies.
 * Engine: 9.13.3
 * Test: test/hazards/client-assertion.test.ts
 */
import type Provider from 'oidc-provider'
import { setClockTolerance } from '../internals.ts'
import { requestScope } from '../scope/request-scope.ts'

const CLOCK_TOLERANCE = 15
export const ASSERTION_TOLERANCE = 60

export function widenClockTolerance(provider: Provider): void {
  setClockTolerance(provider, () =>
    requestScope()?.assertion?.stage === 'judged' ? ASSERTION_TOLERANCE : CLOCK_TOLERANCE,
  )
}
