import { Injectable } from '@nestjs/common';
import { lookup, Resolver } from 'node:dns/promises';

/** Finds the addresses of a host. Rejects where there are none. */
export abstract class HostResolver {
  abstract addresses(host: string): Promise<readonly string[]>;
}

const ANSWER_WITHIN_MS = 2_000;
const TRIES = 2;

/**
 * Asks the name servers directly. The machine's own way, getaddrinfo, holds one of the four threads that hash passwords
 * too: a few names whose servers are silent would stop every login. It is asked only for what the servers do not know,
 * which is how /etc/hosts counts, and for one name at a time.
 */
@Injectable()
export class SystemResolver extends HostResolver {
  readonly #servers = new Resolver({ timeout: ANSWER_WITHIN_MS, tries: TRIES });
  #turn: Promise<unknown> = Promise.resolve();

  override async addresses(host: string): Promise<readonly string[]> {
    // RFC 6761 section 6.3: it is this machine, whatever a name server says.
    if (/(^|\.)localhost\.?$/.test(host)) return ['127.0.0.1', '::1'];
    const answers = await Promise.allSettled([this.#servers.resolve4(host), this.#servers.resolve6(host)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    return found.length > 0 ? found : this.#bySystem(host);
  }

  #bySystem(host: string): Promise<readonly string[]> {
    const turn = this.#turn.then(async () => {
      const found = await lookup(host, { all: true });
      return found.map(({ address }) => address);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
