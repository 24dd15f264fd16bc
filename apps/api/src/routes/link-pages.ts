import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 26rem; margin: 4rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; line-height: 1.3; }
label { display: block; margin: 1rem 0; }
input { box-sizing: border-box; width: 100%; font: inherit; padding: 0.5rem; margin-top: 0.25rem; }
button { font: inherit; font-weight: 600; padding: 0.6rem 1rem; cursor: pointer; }
[role=status] { margin-top: 1rem; white-space: pre-line; }
`;

// The token leaves the address bar and the history at once; nothing is spent before somebody says so, because mail
// filters follow links.
const SCRIPT = `
const form = document.querySelector('form');
const status = document.querySelector('[role=status]');
const token = new URLSearchParams(location.search).get('token') ?? '';
history.replaceState(null, '', location.pathname);
const fields = [...form.querySelectorAll('input')];
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const [first, second] = fields;
  if (second !== undefined && first.value !== second.value) {
    status.textContent = 'The two passwords differ.';
    return;
  }
  const button = form.querySelector('button');
  button.disabled = true;
  status.textContent = 'One moment …';
  try {
    const answer = await fetch(form.dataset.route, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, ...(first === undefined ? {} : { newPassword: first.value }) }),
    });
    if (answer.ok) {
      form.hidden = true;
      status.textContent = form.dataset.done;
      return;
    }
    const problem = await answer.json();
    const reasons = (problem.errors ?? []).map(({ path, message }) =>
      path === 'newPassword' ? 'The password ' + message + '.' : message);
    status.textContent = reasons.length > 0 ? reasons.join('\\n') : problem.detail ?? problem.title;
  } catch {
    status.textContent = 'The service could not be reached. Try again.';
  }
  button.disabled = false;
});
`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The policy of these pages: their own script and style, by their hashes, and requests to this very service. */
export const LINK_PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join(';');

/** Where the link leads that verifies an address. */
export const VERIFY_EMAIL_PAGE = page({
  title: 'Confirm your e-mail address',
  route: 'v1/auth/email/verify',
  fields: '',
  action: 'Confirm',
  done: 'Confirmed. You can close this page and log in.',
});

/** Where the link leads that gives an account a new password. */
export const RESET_PASSWORD_PAGE = page({
  title: 'Choose a new password',
  route: 'v1/auth/password/reset',
  fields: `<label>New password<input type="password" autocomplete="new-password" required minlength="10"></label>
<label>Once more<input type="password" autocomplete="new-password" required></label>`,
  action: 'Change password',
  done: 'Changed. You can close this page and log in; other sessions have ended.',
});

function page({
  title,
  route,
  fields,
  action,
  done,
}: Readonly<Record<'title' | 'route' | 'fields' | 'action' | 'done', string>>): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<form data-route="${route}" data-done="${done}">
${fields}
<button>${action}</button>
</form>
<p role="status"></p>
<noscript><p>This page needs JavaScript. The text after the link in your mail can be entered in the app instead.</p></noscript>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}
