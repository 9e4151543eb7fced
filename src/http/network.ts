/** Groups addresses by the network of one customer, and by the wider network around it. */
import ipaddr from 'ipaddr.js'

const CUSTOMER = { ipv4: 32, ipv6: 64 } as const
/** Includes neighbors. A single customer may have an IPv6 /48, which contains 65,536 networks of 64 bits. */
const NEIGHBORS = { ipv4: 24, ipv6: 48 } as const

/** Returns the network, such as `192.0.2.1` or `2001:db8::/64`; an empty string for no valid address. */
export function networkOf(address: string | undefined): string {
  return networkText(address, CUSTOMER)
}

/** Returns the wider network, such as `192.0.2.0/24` or `2001:db8::/48`; an empty string for no valid address. */
export function widerNetworkOf(address: string | undefined): string {
  return networkText(address, NEIGHBORS)
}

function networkText(address: string | undefined, prefixes: Readonly<Record<'ipv4' | 'ipv6', number>>): string {
  if (address === undefined || !ipaddr.isValid(address)) return ''
  const parsed = ipaddr.process(address)
  const prefix = prefixes[parsed.kind()]
  const cidr = `${parsed.toString()}/${prefix}`
  if (parsed.kind() === 'ipv6') return `${ipaddr.IPv6.networkAddressFromCIDR(cidr).toString()}/${prefix}`
  return prefix === 32 ? parsed.toString() : `${ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()}/${prefix}`
}
