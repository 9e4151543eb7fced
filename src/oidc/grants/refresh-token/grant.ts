/** The refresh token grant (OAuth 2.1 §4.3). Its `scope` may narrow what was granted. */
import type { EngineGrant } from '../grant.ts'

export const REFRESH_TOKEN: EngineGrant = {
  grantType: 'refresh_token',
  parameters: ['refresh_token', 'scope'],
  resource: 'grant',
  scope: 'grant',
  refresh: 'presented',
  profiles: ['web', 'spa', 'native', 'device', 'fapi2'],
  metricLabel: 'refresh_token',
  auditFields: [],
  signIn: 'RefreshToken',
  engineFeature: undefined,
}
