import { BlockList, isIPv6 } from 'node:net';

const PREFIX_BITS = 64;

/**
 * Whether two addresses count as one (api.md, "Rate limits"): the same IPv4 address, or IPv6 addresses of one /64,
 * within which a device changes its own every day (RFC 8981).
 */
export function sameNetwork(one: string, other: string): boolean {
  const [first, second] = [plain(one), plain(other)];
  if (first === second) return true;
  if (!isIPv6(first) || !isIPv6(second)) return false;
  const network = new BlockList();
  network.addSubnet(first, PREFIX_BITS, 'ipv6');
  return network.check(second, 'ipv6');
}

// Without the zone, and an IPv4 address as itself: all mapped ones lie in one /64.
function plain(address: string): string {
  const [bare = address] = address.split('%', 1);
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}
