import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, plainUrl } from '@countersign/core';
import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { WebhooksConfig } from '../webhooks.config.js';
import { HostResolver } from './host-resolver.js';
import { networkOf } from './network.js';
import { isLinkLocal, isLoopback, type Reach, reachOf } from './target-address.js';

const LONGEST_URL = 2_048;
const RESOLVED_WITHIN_MS = 1_500;

/** Says which URLs webhooks may have, and which addresses may be connected to (security.md, rule 11). */
@Injectable()
export class TargetPolicy {
  constructor(
    private readonly resolver: HostResolver,
    @Inject(getConfigToken('webhooks')) private readonly config: WebhooksConfig,
    @Inject(getConfigToken('core')) private readonly core: CoreConfig,
  ) {}

  /** Where an address lies. */
  reach(address: string): Reach {
    return reachOf(address, this.config.allowedNetworks);
  }

  /**
   * Looks at a URL. A name that does not resolve now is let through: it is looked at again, address by address,
   * whenever it is connected to.
   *
   * @returns the URL as it was parsed, or what is wrong with it
   */
  async judge(text: string): Promise<JudgedTarget> {
    const url = text.length > LONGEST_URL ? undefined : plainUrl(text);
    if (url === undefined || url.href.length > LONGEST_URL) {
      return {
        fault: `must be a URL of at most ${LONGEST_URL} characters, without blanks, line ends, backslashes and whatever else would have to be repaired`,
      };
    }
    const fault = await this.#faultOf(url);
    return fault === undefined ? { url: url.href } : { fault };
  }

  async #faultOf(url: URL): Promise<string | undefined> {
    if (url.protocol !== 'https:' && (url.protocol !== 'http:' || this.core.production)) {
      return this.core.production ? 'must be an https:// URL' : 'must be an https:// or http:// URL';
    }
    if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
    if (url.href.includes('#')) return 'must not have a fragment';
    const addresses = await this.#addresses(hostOf(url));
    const refused = addresses.find((address) => this.reach(address) === 'refused');
    if (refused === undefined) return undefined;
    const isKnown = addresses.some((address) => this.reach(address) === 'private-allowed');
    return notPublic(url.hostname, refused, isKnown);
  }

  /**
   * The addresses of a host that is about to be connected to, all of them fit to be.
   * @throws TargetRefused where one of them is not: a name that leads to both is a trap
   */
  async resolve(host: string): Promise<readonly string[]> {
    const addresses = isIP(host) === 0 ? await this.resolver.addresses(host) : [host];
    if (addresses.some((address) => this.reach(address) === 'refused')) throw new TargetRefused();
    return addresses;
  }

  async #addresses(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    const stop = new AbortController();
    const late = pause(RESOLVED_WITHIN_MS, [], { signal: stop.signal }).catch(() => []);
    try {
      return await Promise.race([this.resolver.addresses(host).catch(() => []), late]);
    } finally {
      stop.abort();
    }
  }
}

/** A URL that may be called, or why not. */
export type JudgedTarget = { readonly url: string } | { readonly fault: string };

const NOT_PUBLIC = 'must lead to a public address (WEBHOOK_ALLOW_PRIVATE_NETWORKS lets others in)';

// The address is named where that tells nothing of the network: it is this machine's, stands in the URL itself, or
// another one of the same name is let in already.
function notPublic(host: string, address: string, isKnown: boolean): string {
  const known = isKnown || isIP(hostOf({ hostname: host })) !== 0 || isLoopback(address);
  if (!known) return NOT_PUBLIC;
  if (isLinkLocal(address))
    return `must lead to a public address: ${host} leads to ${address}, which is link-local`;
  return `must lead to a public address: ${host} leads to ${address}, which is let in by adding ${networkOfOne(address)} to WEBHOOK_ALLOW_PRIVATE_NETWORKS`;
}

function networkOfOne(text: string): string {
  const [address, bits] = networkOf(`${text}/${isIP(text) === 6 ? 128 : 32}`);
  return `${address.toString()}/${bits}`;
}

/** Raised where a connection would go to an address that webhooks may not call. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused';
}

/** The host of a URL as it is connected to: an IPv6 address without its brackets. */
export function hostOf({ hostname }: Pick<URL, 'hostname'>): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
