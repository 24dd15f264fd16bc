import { plainUrl } from '@countersign/core';
import { z } from 'zod';

/**
 * The address of a vendor. Credentials and codes travel in these requests: only this machine is near enough to do
 * without TLS.
 */
export function outboundUrl(): z.ZodType<string, string> {
  return z.string().refine((text) => {
    const url = plainUrl(text);
    if (url === undefined || !isDecodable(url)) return false;
    return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  }, 'expected an https:// address (http:// to this machine only), user and password URL-encoded');
}

/** Whether a host is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname);
}

/** Whether user and password are URL-encoded. A bare % in a password would be found out by the first message only. */
export function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
