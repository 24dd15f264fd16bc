import type { JsonSchema } from './openapi.schema.js';

/** What the enrolment of a factor shows whose codes are sent. */
export const SENT_CODE: Readonly<Record<string, JsonSchema>> = {
  sentTo: {
    type: 'string',
    description: 'Where the first code went, as its user may see it.',
    example: '+1•••••••67',
  },
  resendAfter: { type: 'integer', description: 'Seconds until another code can be sent.', example: 60 },
};

/**
 * What enrolment shows once, by factor type (api.md, "Factors"). A provider does not describe it; the contract does,
 * for the types that are ours.
 */
export const SHOWN_ONCE: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>> = {
  totp: {
    secret: {
      type: 'string',
      description: 'The key in base32, for apps that cannot scan.',
      example: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    },
    otpauthUri: {
      type: 'string',
      description: 'The key URI that authenticator apps take.',
      example: 'otpauth://totp/Countersign:jo%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    },
    qrCode: {
      type: 'string',
      description: 'The key URI as a QR code: a PNG in a data URI.',
      example: 'data:image/png;base64,iVBORw0KGgo=',
    },
  },
  webauthn: {
    publicKey: {
      type: 'object',
      additionalProperties: true,
      description:
        'For `PublicKeyCredential.parseCreationOptionsFromJSON`, whose result goes to `navigator.credentials.create`.',
    },
  },
  backup_code: {
    backupCodes: {
      type: 'array',
      items: { type: 'string' },
      description: 'Ten codes, each good once.',
      example: ['7K3M-9QXD-2FHT-W8ZB'],
    },
  },
};
