/** The embedded PostgreSQL cannot run. The message says why and what to do; it is meant for the operator's screen. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/**
 * Runs a step and turns whatever the system throws (no space, no permission) into an error an operator can act on.
 * @throws EmbeddedPostgresError only
 */
export async function explained<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL cannot run (${reason}). Correct that, choose another DATA_DIR, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}
