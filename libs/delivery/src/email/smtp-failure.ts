/** Why a message was not taken. */
export interface SmtpFailure {
  /** For the log: `ECONNREFUSED`, `EENVELOPE 550`, `ETLS self-signed certificate`. */
  readonly cause: string;
  /** Nodemailer's kind of it. */
  readonly code: string | undefined;
  /** Whether the server itself said so. */
  readonly answered: boolean;
}

/**
 * Reads an error of nodemailer's. A server's own words are left out, because responses quote recipients; what TLS says
 * of a certificate names none.
 */
export function smtpFailure(error: unknown): SmtpFailure {
  if (!(error instanceof Error)) return { cause: 'unknown', code: undefined, answered: false };
  const { code, originalCode, responseCode } = error as Readonly<Record<string, unknown>> & Error;
  const answered = typeof responseCode === 'number';
  // It is aborted where it took too long, and only there.
  const kind = typeof code === 'string' && code !== 'EABORT' ? code : 'ETIMEDOUT';
  // Nodemailer keeps the system's own code beside its kind.
  const said = typeof originalCode === 'string' ? originalCode : kind;
  if (answered) return { cause: `${said} ${responseCode}`, code: kind, answered };
  const detail =
    kind === 'ETLS' ? ` ${error.message.replace(/^Error initiating TLS - /, '').slice(0, 120)}` : '';
  return { cause: `${said}${detail}`, code: kind, answered };
}
