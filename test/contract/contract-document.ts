/** The parts of an OpenAPI 3.0 document that tests look at. */
export interface ContractDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  /** Absent where the document's own applies: an access token. */
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Schema;
}

export interface Response {
  readonly description: string;
  readonly content?: Content;
}

type Content = Readonly<
  Record<
    string,
    { readonly schema: Schema; readonly examples?: Readonly<Record<string, { value: unknown }>> }
  >
>;

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** One method of one path. */
export interface Route {
  /** In capitals. */
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  readonly operation: Operation;
}

/** Every method of every path. */
export function routesOf(document: ContractDocument): Route[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** A kind of credential, by its name in the document. */
export type Credential = 'accessToken' | 'tempToken' | 'apiKey' | 'cookie';

/** Which credentials a route takes; none where it is open to all. */
export function credentialsOf({ security }: Operation): Credential[] {
  if (security === undefined) return ['accessToken'];
  return security.flatMap((requirement) => Object.keys(requirement) as Credential[]);
}

/** One of them: the nearest to a user. */
export function credentialOf(operation: Operation): Credential | 'none' {
  const taken = credentialsOf(operation);
  return (
    (['accessToken', 'tempToken', 'apiKey', 'cookie'] as const).find((kind) => taken.includes(kind)) ?? 'none'
  );
}

/** The schema itself, where it is a reference. */
export function resolved(document: ContractDocument, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const found = document.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
  if (found === undefined) throw new Error(`${schema.$ref} is not in the document`);
  return resolved(document, found);
}
