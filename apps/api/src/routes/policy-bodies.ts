import { Injectable } from '@nestjs/common';
import { MailedLinks } from '@countersign/auth';
import type { StoredPolicy } from '@countersign/directory';
import { FactorRegistry } from '@countersign/factors';
import { validationFailed } from '../http/validation.js';
import type { PolicyDto } from './application.dto.js';
import { given } from './given.js';

/** Reads what a request decides of a policy. */
@Injectable()
export class PolicyBodies {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly links: MailedLinks,
  ) {}

  /** @throws Problem `validation_failed` for a factor type that nobody provides, or what needs mail where none is sent */
  read(body: PolicyDto): StoredPolicy {
    const { notices, ...decided } = given(body);
    if (decided.requireVerifiedEmail === true && !this.links.available) {
      const message = 'can only be false: this deployment sends no mail (SMTP_URL)';
      throw validationFailed([{ path: 'policy.requireVerifiedEmail', message }]);
    }
    const unknown = (decided.allowedFactorTypes ?? []).filter(
      (type) => this.registry.find(type) === undefined,
    );
    if (unknown.length > 0) {
      const known = this.registry.all().map(({ options }) => options.type);
      throw validationFailed([
        { path: 'policy.allowedFactorTypes', message: `each must be one of ${known.join(', ')}` },
      ]);
    }
    return notices === undefined ? decided : { ...decided, notices: given(notices) };
  }
}
