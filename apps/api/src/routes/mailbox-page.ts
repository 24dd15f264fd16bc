import { escapeHtml } from '@countersign/core';
import type { MailboxMessage } from '@countersign/delivery';
import { createHash } from 'node:crypto';

const REFRESH_SECONDS = 3;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
header p, .empty { opacity: 0.7; }
article { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 0.5rem; padding: 1rem; margin: 1rem 0; }
article header { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: 0.9rem; opacity: 0.8; }
.channel { text-transform: uppercase; letter-spacing: 0.05em; }
.code { font: 600 1.8rem ui-monospace, monospace; letter-spacing: 0.15em; margin: 0.5rem 0; user-select: all; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0; }
`;

/** The policy of the page: its own style, by its hash, and nothing else. */
export const MAILBOX_STYLE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join(';');

/** The page that shows a developer what would have been sent. It asks for itself again every few seconds. */
export function mailboxPage(messages: readonly MailboxMessage[]): string {
  const shown =
    messages.length === 0
      ? '<p class="empty">Nothing yet. Enrol an SMS or e-mail factor: its code will show up here.</p>'
      : messages.map(article).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>Mailbox (${messages.length})</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>Mailbox</h1>
<p>What Countersign would have sent: there is no vendor for it yet. Kept in memory, the newest first; also as <a href="/dev/messages">JSON</a>.</p></header>
<main>
${shown}
</main>
</body>
</html>
`;
}

function article({ channel, to, subject, text, at }: MailboxMessage): string {
  const code = /\b\d{6}\b/.exec(text)?.[0];
  return `<article>
<header><span class="channel">${escapeHtml(channel)}</span><span>to ${escapeHtml(to)}</span><time datetime="${at.toISOString()}">${at.toISOString()}</time></header>
${subject === undefined ? '' : `<h2>${escapeHtml(subject)}</h2>`}
${code === undefined ? '' : `<p class="code">${code}</p>`}
<pre>${linked(text)}</pre>
</article>`;
}

// Links as links: a mail's can be followed from here.
function linked(text: string): string {
  return escapeHtml(text).replace(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}">${url}</a>`);
}
