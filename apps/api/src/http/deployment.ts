import { Injectable } from '@nestjs/common';
import { Applications } from '@countersign/directory';

/** Tells this deployment from others: several may share one Redis. */
@Injectable()
export class Deployment {
  #id: string | undefined;

  constructor(private readonly applications: Applications) {}

  /** The UUID of its default application; `-` while there is none. */
  async id(): Promise<string> {
    this.#id ??= (await this.applications.bySlug())?.id;
    return this.#id ?? '-';
  }

  /** The same where it is known already. */
  get knownId(): string | undefined {
    return this.#id;
  }
}
