/** Everything that an API key can be allowed (api.md, "Management"). There is nothing else. */
export const SCOPES = [
  'users:read',
  'users:write',
  'factors:read',
  'factors:write',
  'challenges:write',
  'devices:read',
  'devices:write',
  'events:read',
  'webhooks:read',
  'webhooks:write',
] as const;

/** One thing that an API key can be allowed. */
export type Scope = (typeof SCOPES)[number];
