/** Groups addresses by the network that one customer has: an IPv4 address, or an IPv6 /64. */
import ipaddr from 'ipaddr.js'

const IPV6_PREFIX = 64

/** Returns the network as text, such as `192.0.2.1` or `2001:db8::/64`; an empty string for no valid address. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return ''
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_PREFIX}`).toString()}/${IPV6_PREFIX}`
}
