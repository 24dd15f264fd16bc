import ipaddr from 'ipaddr.js';

/** A network: its address, and how many bits of it count. */
export type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** So much of an IPv4 address in its IPv6 form comes before the address. */
const MAPPED_BITS = 96;

const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'].map(networkOf);

/** Whether a text is a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValidCIDR(text);
}

/**
 * Reads a network; one of IPv4 addresses in their IPv6 form is theirs.
 * @throws Error for a text that is no network
 */
export function networkOf(text: string): Network {
  const [address, bits] = ipaddr.parseCIDR(text);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= MAPPED_BITS
    ? [address.toIPv4Address(), bits - MAPPED_BITS]
    : [address, bits];
}

/** Whether a network holds link-local addresses, where cloud machines keep their credentials. */
export function touchesLinkLocal(text: string): boolean {
  const network = networkOf(text);
  return LINK_LOCAL.some((other) => overlaps(network, other));
}

/** Whether an address lies in a network. */
export function lies(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function overlaps(one: Network, other: Network): boolean {
  const [wider, narrower] = one[1] <= other[1] ? [one, other] : [other, one];
  return lies(narrower[0], wider);
}
