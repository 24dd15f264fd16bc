import { Injectable } from '@nestjs/common';
import { BreachedPasswords } from './breached-passwords.js';
import { normalisePassword } from './normalise-password.js';
import { checkPassword, type PasswordRuling } from './password-rules.js';
import type { PasswordOwner } from './personal-passwords.js';

/** Holds new passwords against the rules, and against a list of breached ones where the operator named one. */
@Injectable()
export class PasswordScreening {
  constructor(private readonly breached: BreachedPasswords) {}

  async run(password: string, owner: PasswordOwner): Promise<PasswordRuling> {
    const ruling = checkPassword(password, owner);
    if (!ruling.accepted || !(await this.breached.has(normalisePassword(password)))) return ruling;
    const message = 'has turned up in a data breach: somebody may try it';
    return { accepted: false, tooLong: false, reasons: [{ path: 'password', message }] };
  }
}
