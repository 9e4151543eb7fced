/** The device authorization grant (RFC 8628 §3.4). The engine redeems the device code. */
import { GRANT } from '#clients/profiles.ts'
import type { EngineGrant } from '../grant.ts'

export const DEVICE_CODE: EngineGrant = {
  grantType: GRANT.device,
  parameters: ['device_code'],
  resource: 'grant',
  scope: 'grant',
  refresh: 'issued',
  profiles: ['web', 'native', 'device'],
  metricLabel: 'device_code',
  auditFields: [],
  signIn: 'DeviceCode',
  engineFeature: 'deviceFlow',
}
