import ipaddr from 'ipaddr.js';
import { lies, type Network, networkOf } from './network.js';

/** What an address is to us: of the internet, of a network that the operator lets in, or neither. */
export type Reach = 'public' | 'private-allowed' | 'refused';

// All that was ever given out (IANA, RFC 4291 section 2.4); what lies beyond may mean anything one day.
const GLOBAL_IPV6 = networkOf('2000::/3');

/**
 * Where an address lies (security.md, rule 11). Only plain unicast is public: loopback, private, link-local, shared,
 * multicast and reserved ranges are not, nor are those that embed an address of another network (NAT64, 6to4, Teredo).
 * An IPv4 address in its IPv6 form is looked at as itself.
 */
export function reachOf(text: string, allowed: readonly Network[]): Reach {
  if (!ipaddr.isValid(text)) return 'refused';
  const address = ipaddr.process(text);
  const range = address.range();
  if (range === 'unicast' && (address.kind() === 'ipv4' || lies(address, GLOBAL_IPV6))) return 'public';
  if (range === 'linkLocal') return 'refused';
  return allowed.some((network) => lies(address, network)) ? 'private-allowed' : 'refused';
}

/** Whether an address is this machine's own. */
export function isLoopback(text: string): boolean {
  return rangeOf(text) === 'loopback';
}

/** Whether an address is link-local, which no setting lets in. */
export function isLinkLocal(text: string): boolean {
  return rangeOf(text) === 'linkLocal';
}

function rangeOf(text: string): string | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text).range() : undefined;
}
