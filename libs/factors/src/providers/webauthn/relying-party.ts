const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The relying party id of new credentials: the host of the first origin (section 5.1.2: a domain, which an address is
 * not; a browser on this machine knows it as localhost).
 *
 * @param origins the application's own first, then the deployment's; never empty
 */
export function relyingPartyId(origins: readonly string[]): string {
  const [first] = origins;
  if (first === undefined) throw new TypeError('There is no origin');
  return hostOf(first);
}

/**
 * The origins at which credentials of a relying party may be used: those of its host and of hosts below it, over https,
 * or in clear on this machine.
 */
export function originsOf(rpId: string, origins: readonly string[]): string[] {
  return origins
    .map((origin) => new URL(origin))
    .filter(({ protocol }) => protocol === 'https:' || rpId === 'localhost')
    .filter(({ origin }) => hostOf(origin) === rpId || hostOf(origin).endsWith(`.${rpId}`))
    .map(({ protocol, port, origin }) =>
      LOOPBACK.test(new URL(origin).hostname)
        ? `${protocol}//localhost${port === '' ? '' : `:${port}`}`
        : origin,
    );
}

function hostOf(origin: string): string {
  const { hostname } = new URL(origin);
  return LOOPBACK.test(hostname) ? 'localhost' : hostname;
}
