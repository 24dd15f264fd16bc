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
  {
    name: 'rotate-master-key',
    usage: 'rotate-master-key',
    about:
      'wraps the keys that secrets are sealed under anew, under the first key of MASTER_KEY, while the service runs. ' +
      'Set MASTER_KEY to the new key, a comma and the old one, restart every instance, run this, and take the old ' +
      'one out. Run it again where it was interrupted: it goes on',
    load: async () => (await import('./rotate-master-key.command.js')).rotateMasterKey,
  },
  {
    name: 'rotate-signing-key',
    usage: 'rotate-signing-key [--compromised]',
    about:
      'makes a new key that signs tokens: published now, used ten minutes later, when everybody knows it; nobody is ' +
      'logged out. With --compromised the new one signs at once and all others are gone: what they signed is refused ' +
      'within seconds, and sessions go on by refresh',
    load: async () => (await import('./rotate-signing-key.command.js')).rotateSigningKey,
  },
  {
    name: 'factors',
    usage: 'factors remove --type TYPE [--dry-run] [--json]',
    about:
      'removes every factor of one type, of all users of all applications, whether or not its provider is still ' +
      'there, with the backup codes of those who have no other factor; their sessions and trusted devices end. ' +
      '--dry-run tells how many there are, and removes nothing. Run it again where it was interrupted: it goes on',
    load: async () => (await import('./factors.command.js')).factors,
  },
  {
    name: 'after-restore',
    usage: 'after-restore --pending drop|send [--revoke-keys] [--moved] [--dry-run] [--json]',
    about:
      'takes a database into use that was restored from a backup. Until then webhooks and notices are held. Ends what the ' +
      'restore has revived: sessions, trusted devices, open challenges, mailed links, kept answers, backup codes (their ' +
      'owners are told), and the present codes of authenticator apps; lists the API keys that work, or revokes them. What ' +
      'the backup had not sent yet is dropped or sent. With --moved nothing ends: for a database that was moved as it was, ' +
      'by pg_upgrade or by replication. --dry-run tells what would be done. Run it again where it was interrupted',
    load: async () => (await import('./after-restore.command.js')).afterRestore,
  },
  {
    name: 'import-totp',
    usage: 'import-totp --file PATH|- [--user USER] [--issuer NAME] [--application SLUG] [--dry-run]',
    about:
      'gives users the authenticator secrets that they have already, active at once. The file holds a line for each ' +
      'export: the user (e-mail address, or your own id of the user), a comma, and an otpauth:// or ' +
      'otpauth-migration:// address (what Google Authenticator exports as QR codes); with --user, the address alone. ' +
      'Of an export with entries of several issuers, --issuer takes those of one. ' +
      '--dry-run tells what each line would come to, and writes nothing. ' +
      '“-” reads it from standard input; secrets are never taken from the command line, where other users of this ' +
      'machine can see them. A secret that is there already is left as it is. No backup codes are made: each user ' +
      'makes them when logged in',
    load: async () => (await import('./import-totp.command.js')).importTotp,
  },
];
