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
