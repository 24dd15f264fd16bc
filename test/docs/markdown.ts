import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The line of its fence, from 1. */
  readonly line: number;
}

/** A page of the documentation. */
export interface Page {
  /** From the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** Every page that a reader is sent to: those at the top, and those under docs/. */
export function readPages(): Page[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return [...top, ...docs].sort().map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return { path, text, blocks: blocksOf(text) };
  });
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  for (const match of text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)) {
    const line = text.slice(0, match.index).split('\n').length;
    blocks.push({ language: match[2] ?? '', text: match[3] ?? '', line });
  }
  return blocks;
}

/** The text without what is fenced, where Markdown's links and headings mean something. */
export function prose({ text }: Page): string {
  return text.replace(/^( *)```.*?^\1```$/gms, '');
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors(page: Page): string[] {
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
