import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/** Where root may put what another user must reach: on Linux `/var/lib`, on macOS `/var/db`. */
const STANDARD_PLACE = join(process.platform === 'darwin' ? '/private/var/db' : '/var/lib', 'countersign');

/**
 * The folder for databases and binaries that the database's user could not reach where they lie. Everyone may
 * walk through it (mode 0711), nobody but root may list or change it.
 * @param place the folder; made when missing
 * @returns its path
 * @throws EmbeddedPostgresError when the folder is there but not root's own
 */
export async function sharedPlace(place = STANDARD_PLACE): Promise<string> {
  await mkdir(place, { recursive: true, mode: 0o711 });
  const found = await lstat(place);
  // A folder that another user prepared could swap the binaries that we are about to run.
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new EmbeddedPostgresError(
      `${place} must be a folder that belongs to root and that nobody else may write to. ` +
        `Correct it, keep countersign where every user can enter, or set DATABASE_URL.`,
    );
  }
  // The umask may have taken the right to walk through.
  await chmod(place, 0o711);
  return place;
}
