/**
 * The script of the pages that mailed links lead to, as it is sent. The token leaves the address bar and the history
 * before anything else, and nothing is spent before somebody says so, because mail filters follow links.
 */
export const LINK_PAGE_SCRIPT = `
const token = new URLSearchParams(location.search).get('token') ?? '';
const application = new URLSearchParams(location.hash.slice(1)).get('application');
history.replaceState(null, '', location.pathname);
const page = document.querySelector('main').dataset.page;
const status = document.querySelector('[role=status]');
const parts = [...document.querySelectorAll('[data-part]')];
const part = (name) => parts.find(({ dataset }) => dataset.part === name);
const password = part('confirm')?.querySelector('label');
let csrfToken;
let changesAddress = false;

const say = (text) => { status.textContent = text; };

function show(...names) {
  for (const each of parts) each.hidden = !names.includes(each.dataset.part);
  part(names[0])?.querySelector('input:not([hidden]), button')?.focus();
}

async function call(path, body) {
  const headers = application === null ? {} : { 'x-application': application };
  if (csrfToken !== undefined && body?.password === undefined) headers['x-csrf-token'] = csrfToken;
  const answer = await fetch(path, body === undefined
    ? { headers }
    : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const text = await answer.text();
  const removed = answer.headers.get('second-factor-removed') === '?1';
  return { ok: answer.ok, removed, problem: text === '' ? {} : JSON.parse(text) };
}

const words = ({ errors = [], code, detail, title }) => errors.length > 0
  ? errors.map(({ path, message }) => (/password/i.test(path) ? 'The password ' + message + '.' : message)).join('\\n')
  : code !== 'invalid_credentials' ? detail ?? title
  : (changesAddress ? 'This is not the password of your account.' : 'This is not the password that was chosen at the registration.')
    + ' After five wrong passwords the link stops working.';

const gone = (removed) => removed
  ? '\\nThe second factor that the account had was removed: set up your own after you have logged in.' : '';

function dead() {
  say('This link is no longer valid: it was used, it has expired, too many wrong passwords were entered, or a newer link replaced it.');
  show('again');
}

const forms = {
  async confirm(form) {
    const asked = !password.hidden;
    const { ok, removed, problem } = await call('v1/auth/email/verify', {
      token, ...(asked ? { password: form.elements.password.value } : {}),
    });
    if (!ok && problem.code === 'invalid_token') return dead();
    if (!ok && !asked) return askPassword('The session here is of another account.');
    if (!ok) return say(words(problem));
    show();
    say((changesAddress
      ? 'Confirmed. This is now the address of your account.'
      : 'Confirmed. Everything that you have set up stays. If somebody else had set up anything with this address, it has ended. You can close this page and log in.')
      + gone(removed));
  },
  async choose(form) {
    const { first, second } = form.elements;
    if (first.value !== second.value) return say('The two passwords differ.');
    const { ok, removed, problem } = await call('v1/auth/password/reset', { token, newPassword: first.value });
    if (!ok && problem.code === 'invalid_token') return dead();
    if (!ok) return say(words(problem));
    show();
    say('Changed. You can close this page and log in; other sessions have ended.' + gone(removed));
  },
  async again(form) {
    const { ok, problem } = await call('v1/auth/password/forgot', { email: form.elements.email.value });
    if (!ok) return say(words(problem));
    show();
    say('If there is an account with this address, a link to choose a new password is on its way.');
  },
};

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    say('One moment …');
    try {
      await forms[form.dataset.part](form);
    } catch {
      say('The service could not be reached. Try again.');
    }
    button.disabled = false;
  });
}
for (const button of document.querySelectorAll('[data-to]')) {
  button.addEventListener('click', () => { say(''); show(...button.dataset.to.split(' ')); });
}

// A page that is loaded again has no token any more; that says nothing about the link.
function lost() {
  say('Open the link in your mail again.');
  show('again');
}

function askPassword(text) {
  say(text);
  password.hidden = false;
  password.querySelector('input').required = true;
  show('confirm', 'ways');
}

// Brings no proof yet, so that nothing is spent: it tells whether the link is alive, and what it is for.
async function look() {
  const { problem } = await call('v1/auth/email/verify', { token });
  if (problem.code === 'invalid_token' || problem.code === 'validation_failed') return dead();
  if (problem.code !== 'proof_required') return say(words(problem));
  changesAddress = problem.link === 'change_of_address';
  for (const each of document.querySelectorAll('[data-for]')) {
    each.hidden = (each.dataset.for === 'change_of_address') !== changesAddress;
  }
  const session = await call('v1/auth/csrf');
  if (!session.ok) return askPassword('');
  csrfToken = session.problem.csrfToken;
  say('You are logged in here.');
  show('confirm', 'ways');
}

if (token === '') {
  lost();
} else if (page === 'verify-email') {
  say('One moment …');
  look().catch(() => say('The service could not be reached. Load the page of the link in your mail again.'));
}
`;
