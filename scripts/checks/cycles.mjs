/**
 * Finds circular imports between files, `import type` included: what is only a type today is a value tomorrow, and
 * two files that need each other are one thing in two pieces.
 *
 * @param {{ from: string, to: string, line: number }[]} edges who imports whom, and on which line
 * @returns {{ file: string, line: number, what: string, why: string }[]} one shortest circle for each knot of files
 */
export function fileCycles(edges) {
  const graph = new Map();
  for (const edge of edges) graph.set(edge.from, [...(graph.get(edge.from) ?? []), edge]);
  const told = new Set();
  const found = [];
  for (const start of [...graph.keys()].sort()) {
    if (told.has(start)) continue;
    const circle = shortestCircle(graph, start);
    if (circle === undefined) continue;
    circle.forEach(({ from }) => told.add(from));
    found.push({
      file: start,
      line: circle[0].line,
      what: `circular import: ${[start, ...circle.map(({ to }) => to)].map(shortened(start)).join(' → ')}`,
      why: 'imports point one way, types included: move what both need into a file of its own',
    });
  }
  return found;
}

/** The edges of a shortest way from a file back to itself, breadth first. */
function shortestCircle(graph, start) {
  let ways = (graph.get(start) ?? []).map((edge) => [edge]);
  const seen = new Set();
  while (ways.length > 0) {
    const closed = ways.find((way) => way.at(-1).to === start);
    if (closed !== undefined) return closed;
    ways = ways.flatMap((way) => {
      const { to } = way.at(-1);
      if (seen.has(to)) return [];
      seen.add(to);
      return (graph.get(to) ?? []).map((edge) => [...way, edge]);
    });
  }
  return undefined;
}

/** Leaves out the folders `apps/x/src/` that every file of a circle shares. */
function shortened(start) {
  const unit = /^(apps|libs)\/[^/]+\/(src\/)?/.exec(start)?.[0] ?? '';
  return (path) => (path.startsWith(unit) ? path.slice(unit.length) : path);
}
