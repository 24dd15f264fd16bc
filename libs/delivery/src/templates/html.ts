import { escapeHtml } from '@countersign/core';

/** What a mail shows, as plain texts: they are escaped here. */
export interface MailLayout {
  readonly language: string;
  readonly heading: string;
  /** Shown large, to be read off or copied. */
  readonly code?: string;
  /** Shown as a button. */
  readonly link?: { readonly url: string; readonly text: string };
  readonly paragraphs: readonly string[];
  /** Small print at the end. */
  readonly footer: string;
}

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/** A mail as HTML: one column, no images, nothing to load, readable in dark mode and by screen readers. */
export function mailHtml({ language, heading, code, link, paragraphs, footer }: MailLayout): string {
  const shownCode =
    code === undefined
      ? ''
      : `<p style="margin:24px 0;font-size:32px;font-weight:600;letter-spacing:6px;font-family:ui-monospace,Menlo,Consolas,monospace">${escapeHtml(code)}</p>`;
  const button =
    link === undefined
      ? ''
      : `<p style="margin:24px 0"><a href="${escapeHtml(link.url)}" style="display:inline-block;padding:10px 16px;border:1px solid;border-radius:6px;color:inherit;text-decoration:none;font-weight:600">${escapeHtml(link.text)}</a></p>`;
  const body = paragraphs.map((text) => `<p style="margin:0 0 16px">${escapeHtml(text)}</p>`).join('\n');
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body style="margin:0;padding:24px;${FONT};font-size:16px;line-height:1.5">
<div style="max-width:480px;margin:0 auto">
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">${escapeHtml(heading)}</h1>
${shownCode}
${button}
${body}
<p style="margin:24px 0 0;font-size:13px;opacity:0.7">${escapeHtml(footer)}</p>
</div>
</body>
</html>
`;
}
