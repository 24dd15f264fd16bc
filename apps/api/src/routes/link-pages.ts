import { createHash } from 'node:crypto';
import { LINK_PAGE_SCRIPT } from './link-page-script.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 28rem; margin: 4rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; line-height: 1.3; }
label { display: block; margin: 1rem 0; }
input { box-sizing: border-box; width: 100%; font: inherit; padding: 0.5rem; margin-top: 0.25rem; }
button { font: inherit; font-weight: 600; padding: 0.6rem 1rem; cursor: pointer; }
button[data-to] { display: block; padding: 0.25rem 0; margin-top: 0.5rem; font-weight: 400; text-align: start;
  text-decoration: underline; color: inherit; background: none; border: 0; }
[role=status] { margin: 1rem 0; white-space: pre-line; font-weight: 600; }
[role=status]:empty { display: none; }
[data-part=ways] { margin-top: 2rem; }
[hidden] { display: none; }
`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The policy of these pages: their own script and style, by their hashes, and requests to this very service. */
export const LINK_PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(LINK_PAGE_SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join(';');

const NEW_PASSWORDS = `<label>New password<input name="first" type="password" autocomplete="new-password" required minlength="10"></label>
<label>Once more<input name="second" type="password" autocomplete="new-password" required></label>`;

const ASK_AGAIN = `<form data-part="again" hidden>
<p>Get a link by mail to choose a new password. It confirms the address, too.</p>
<label>E-mail address<input name="email" type="email" autocomplete="email" required></label>
<button>Send a new link</button>
</form>`;

/** Where the link leads that verifies an address. */
export const VERIFY_EMAIL_PAGE = page({
  name: 'verify-email',
  title: 'Confirm your e-mail address',
  parts: `<form data-part="confirm" hidden>
<p data-for="registration">Confirm that you registered with this address.</p>
<p data-for="change_of_address" hidden>Confirm that you want this address for your account.</p>
<label hidden><span data-for="registration">Password that you chose when you registered</span><span data-for="change_of_address" hidden>Password of your account</span><input name="password" type="password" autocomplete="current-password"></label>
<button>Confirm</button>
</form>
<section data-part="ways" hidden>
<div data-for="registration">
<button type="button" data-to="choose">I do not know the password: choose a new password</button>
<button type="button" data-to="stranger">I did not register</button>
</div>
<div data-for="change_of_address" hidden>
<button type="button" data-to="unasked">I did not ask for this</button>
</div>
</section>
<form data-part="choose" hidden>
<p>A new password confirms the address as well. What the account has so far is removed: sessions, trusted devices and second factors.</p>
${NEW_PASSWORDS}
<button>Choose this password</button>
<button type="button" data-to="confirm ways">Back</button>
</form>
<section data-part="stranger" hidden>
<p>Then somebody else used your address. They cannot confirm it without this link. You need not do anything: close this page and delete the mail.</p>
<p>If you want the account yourself, choose a new password. It removes what they have set up.</p>
<button type="button" data-to="choose">Choose a new password</button>
<button type="button" data-to="confirm ways">Back</button>
</section>
<section data-part="unasked" hidden>
<p>Then somebody wants your address for their account. They cannot have it without this link: close this page and delete the mail.</p>
<button type="button" data-to="confirm ways">Back</button>
</section>
${ASK_AGAIN}`,
});

/** Where the link leads that gives an account a new password. */
export const RESET_PASSWORD_PAGE = page({
  name: 'reset-password',
  title: 'Choose a new password',
  parts: `<form data-part="choose">
<p>All sessions end. If the address was never confirmed, the new password confirms it, and removes trusted devices and second factors.</p>
${NEW_PASSWORDS}
<button>Change password</button>
<button type="button" data-to="again">Ask for a new link</button>
</form>
${ASK_AGAIN}`,
});

function page({ name, title, parts }: Readonly<Record<'name' | 'title' | 'parts', string>>): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main data-page="${name}">
<h1>${title}</h1>
<p role="status"></p>
${parts}
<noscript><p>This page needs JavaScript. You can enter the text after the link in your mail in the app instead.</p></noscript>
</main>
<script>${LINK_PAGE_SCRIPT}</script>
</body>
</html>
`;
}
