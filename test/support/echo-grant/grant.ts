/** A grant of a test: whoever sends a message gets a token, unless the message is `no`. */
import { errors } from 'oidc-provider'
import type { ExtensionGrant } from '#oidc/grants/grant.ts'

export const ECHO: ExtensionGrant = {
  grantType: 'urn:example:echo',
  parameters: ['message'],
  resource: 'client',
  scope: 'client',
  refresh: 'never',
  profiles: ['machine'],
  metricLabel: 'echo',
  auditFields: ['message'],
  async authorize({ client, params: { message } }) {
    if (message === undefined) throw new errors.InvalidRequest('message is required')
    if (message === 'no') throw new errors.InvalidGrant(`${client.id} was told no`)
  },
}
