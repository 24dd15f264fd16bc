/** What the JSON exports of other programs have at their top. */
const JSON_EXPORTS: readonly { readonly name: string; readonly members: readonly string[] }[] = [
  { name: 'Aegis', members: ['header', 'db'] },
  { name: '2FAS', members: ['services', 'schemaVersion'] },
  { name: 'Bitwarden', members: ['items', 'encrypted'] },
  { name: 'FreeOTP+', members: ['tokens', 'tokenOrder'] },
  { name: 'Keycloak', members: ['realm'] },
];

const WHAT_IS_READ =
  'What is read are otpauth:// and otpauth-migration:// addresses, a line each with their user: export as text or QR code.';

/**
 * Knows a file that is no list of lines.
 * @returns one sentence that names its format and quotes nothing of it; `undefined` for lines of text
 */
export function foreignFormat(text: string): string | undefined {
  if (text.includes('\0')) return `This is no text in UTF-8. ${WHAT_IS_READ}`;
  const start = text
    .replace(/^\uFEFF/, '')
    .trimStart()
    .charAt(0);
  if (start === '<') return `This is XML (PSKC, or a backup). ${WHAT_IS_READ}`;
  if (start === '{' || start === '[') return `This is the JSON of ${programOf(text)}. ${WHAT_IS_READ}`;
  return undefined;
}

function programOf(text: string): string {
  const json = parsed(text);
  if (Array.isArray(json)) return 'andOTP, or of another program';
  if (typeof json !== 'object' || json === null) return 'another program';
  return (
    JSON_EXPORTS.find(({ members }) => members.every((member) => member in json))?.name ?? 'another program'
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
