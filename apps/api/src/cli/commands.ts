import type { Command } from './command.js';

/** A command as the help shows it. The code behind it is loaded when it is asked for. */
export interface CommandEntry {
  readonly name: string;
  /** Its name and arguments. */
  readonly usage: string;
  readonly about: string;
  readonly load: () => Promise<Command>;
}

/** Everything that the command line can do. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'migrate',
    usage: 'migrate',
    about: 'applies pending migrations and says which',
    load: async () => (await import('./migrate.command.js')).migrate,
  },
  {
    name: 'admin',
    usage: 'admin --email ADDRESS [--password PASSWORD|random|-]',
    about:
      'makes an administrator of the default application, or makes the account with that address one and sets its ' +
      'password; its sessions and trusted devices end. The password is random, and shown once, unless one is given; ' +
      '“-” reads it from standard input, where no other user of this machine can see it',
    load: async () => (await import('./admin.command.js')).admin,
  },
];
