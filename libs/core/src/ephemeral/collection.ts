/** How long a store keeps what has ended before it collects it: 15 minutes, in milliseconds. */
export const COLLECT_AFTER_MS = 15 * 60 * 1000;
