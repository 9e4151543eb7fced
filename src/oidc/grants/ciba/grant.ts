/** The grant of CIBA (Client-Initiated Backchannel Authentication Core 1.0 §10.1). The engine redeems the request id. */
import { GRANT } from '#clients/profiles.ts'
import type { EngineGrant } from '../grant.ts'

export const CIBA: EngineGrant = {
  grantType: GRANT.ciba,
  parameters: ['auth_req_id'],
  resource: 'grant',
  scope: 'grant',
  refresh: 'issued',
  // CIBA §4: it authenticates at the endpoint, so it is confidential
  profiles: ['web', 'fapi2'],
  metricLabel: 'ciba',
  auditFields: [],
  signIn: 'BackchannelAuthenticationRequest',
  engineFeature: 'ciba',
}
