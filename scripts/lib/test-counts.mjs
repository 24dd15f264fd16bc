import { existsSync, readFileSync } from 'node:fs';

/**
 * Counts what vitest's JSON report holds. A file that failed without a failed test in it (it did not load, or a hook
 * threw) counts as one failed test; so does a failure that no file shows.
 * @param {string} report the report's path; it may be missing where vitest died
 * @param {boolean} succeeded whether vitest ended well
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countTests(report, succeeded) {
  const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of files) {
    const ofFile = (...states) => assertionResults.filter((test) => states.includes(test.status)).length;
    const failed = ofFile('failed');
    counts.passed += ofFile('passed');
    counts.failed += status === 'failed' ? Math.max(1, failed) : failed;
    counts.skipped += assertionResults.length - ofFile('passed', 'failed');
  }
  if (!succeeded && counts.failed === 0) counts.failed = 1;
  return counts;
}
