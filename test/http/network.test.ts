/** The networks that addresses count as. */
import { expect, test } from 'vitest'
import { networkOf, widerNetworkOf } from '#http/network.ts'

test.each([
  ['192.0.2.1', '192.0.2.1', '192.0.2.0/24'],
  ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.0/24'],
  ['2001:db8:1:2:3::4', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['nowhere', '', ''],
  ['', '', ''],
  [undefined, '', ''],
])('%s is in %s and in %s', (address, network, wider) => {
  expect([networkOf(address), widerNetworkOf(address)]).toEqual([network, wider])
})
