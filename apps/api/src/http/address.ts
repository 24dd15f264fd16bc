import type { FastifyRequest } from 'fastify';
import { isIP, isIPv6, SocketAddress } from 'node:net';

/** Stands for the address of a connection that was reset. */
export const GONE = 'gone';

/**
 * The address that a request came from. Some proxies forward `address:port`; the port would make every connection
 * somebody else, so it is dropped, and what is no address then counts as the proxy's own.
 *
 * @returns `gone` where the connection was before it could be asked: nobody is left to read the answer
 */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  // Typed as always there, which a connection that was reset is not.
  const told: string | undefined = ip;
  const bare = withoutPort(told ?? '');
  return canonical(isIP(bare) === 0 ? (socket.remoteAddress ?? GONE) : bare);
}

// One spelling for one address: without a zone, and an IPv4 address as itself, however it was mapped.
function canonical(address: string): string {
  const [bare = address] = address.split('%', 1);
  if (!isIPv6(bare)) return bare;
  const spelled = new SocketAddress({ address: bare, family: 'ipv6' }).address;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(spelled)?.[1] ?? spelled;
}

function withoutPort(text: string): string {
  if (isIP(text) !== 0) return text;
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}

/**
 * The address that limits count by: an IPv4 address, or the /64 that an IPv6 address lies in, because one household
 * or one attacker holds all of it.
 */
export function limitAddress(ip: string): string {
  const plain = ip.split('%', 1)[0] ?? ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
