// The basic character set of GSM 03.38 (3GPP TS 23.038 section 6.2.1), and its extension.
const GSM7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}[~\]|€\\]*$/;

/** What word processors make of quotes, dashes and dots. */
const TYPOGRAPHIC: readonly (readonly [RegExp, string])[] = [
  [/[‘’‚‛′]/g, "'"],
  [/[“”„‟″«»]/g, '"'],
  [/[‐‑‒–—―−]/g, '-'],
  [/…/g, '...'],
];

/** Whether a text is in the GSM alphabet: one character outside of it halves what fits into an SMS. */
export function isGsm7(text: string): boolean {
  return GSM7.test(text);
}

/** The text with quotes and dashes that the GSM alphabet knows. */
export function towardsGsm7(text: string): string {
  return TYPOGRAPHIC.reduce((written, [typographic, plain]) => written.replace(typographic, plain), text);
}
