/** The client credentials grant (OAuth 2.1 §4.2): a client acts on its own behalf. */
import type { EngineGrant } from '../grant.ts'

export const CLIENT_CREDENTIALS: EngineGrant = {
  grantType: 'client_credentials',
  parameters: [],
  resource: 'client',
  scope: 'client',
  refresh: 'never',
  profiles: ['web', 'machine', 'fapi2'],
  metricLabel: 'client_credentials',
  auditFields: [],
  signIn: undefined,
  engineFeature: 'clientCredentials',
}
