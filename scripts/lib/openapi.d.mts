/** Where the contract is kept. */
export const SNAPSHOT: string;

/** The OpenAPI document as the built service serves it, on an empty database. */
export function servedOpenApi(databaseUrl: string): Promise<object>;
