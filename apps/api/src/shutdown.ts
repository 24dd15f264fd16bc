const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
// A terminal's Ctrl-C reaches us twice, from the terminal and from npm; a second one this late is meant.
const SAME_PRESS_MS = 1_500;
const LONGEST_STOP_MS = 30_000;

/**
 * Stops the process once a signal asks for it: what is under way is finished first, for at most 30 seconds.
 *
 * @param stop releases everything; called once
 */
export function stopOnSignals(stop: () => Promise<void>): void {
  let asked: number | undefined;
  const onSignal = (): void => {
    if (asked !== undefined) {
      if (performance.now() - asked > SAME_PRESS_MS) process.exit(130);
      return;
    }
    asked = performance.now();
    setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}
