/** A schema object of OpenAPI 3.0 or JSON Schema, of which only parts are looked at. */
export type JsonSchema = Record<string, unknown>;
