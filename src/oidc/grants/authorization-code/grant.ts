/** The authorization code grant (OAuth 2.1 §4.1). The engine redeems the code. */
import type { EngineGrant } from '../grant.ts'

export const AUTHORIZATION_CODE: EngineGrant = {
  grantType: 'authorization_code',
  parameters: ['code', 'code_verifier', 'redirect_uri'],
  resource: 'grant',
  scope: 'grant',
  refresh: 'issued',
  profiles: ['web', 'spa', 'native', 'fapi2'],
  metricLabel: 'authorization_code',
  auditFields: [],
  signIn: 'AuthorizationCode',
  engineFeature: undefined,
}
