/** The lines as one table. @param {import('./compared.mjs').Line[]} lines */
export function table(lines) {
  const rows = [
    ['', 'what', 'median', 'spread', 'target', ''],
    ...lines.map(({ id, what, value, unit, samples, wanted, met, note }) => [
      id,
      what,
      `${shown(value)} ${unit}`.trim(),
      samples.length > 1 ? `${shown(Math.min(...samples))} to ${shown(Math.max(...samples))}` : '',
      wanted ?? '',
      [met === undefined ? '' : met ? 'met' : 'MISSED', note].filter(Boolean).join(': '),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits that say something, whatever the size. */
function shown(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
