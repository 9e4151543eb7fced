/**
 * What: `clockTolerance` is 60 seconds while a client assertion is verified, and 15 otherwise.
 * Why: FAPI 2.0 Security Profile §5.3.2.1 has an `nbf` of up to 10 seconds ahead accepted, and of more than 60 refused;
 * the engine knows one tolerance for all it verifies.
 * Engine: 9.13.3
 * Test: test/hazards/client-assertion.test.ts
 */
import type Provider from 'oidc-provider'
import { setClockTolerance } from '../internals.ts'
import { requestScope } from '../scope/request-scope.ts'

const CLOCK_TOLERANCE = 15
const ASSERTION_TOLERANCE = 60

export function widenClockTolerance(provider: Provider): void {
  setClockTolerance(provider, () =>
    requestScope()?.assertion?.stage === 'judged' ? ASSERTION_TOLERANCE : CLOCK_TOLERANCE,
  )
}
