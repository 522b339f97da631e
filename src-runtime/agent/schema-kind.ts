/** What a zod schema takes, as far as it says so. zod is the user's own and is never loaded: only its data is read. */

/** Kinds of zod schemas that never take an object. */
const NO_OBJECT = new Set([
  "string",
  "number",
  "int",
  "bigint",
  "boolean",
  "symbol",
  "null",
  "undefined",
  "void",
  "never",
  "nan",
  "date",
  "array",
  "tuple",
  "set",
  "map",
  "enum",
  "literal",
  "template_literal",
  "file",
  "function",
]);

/** The kind of a schema that can't take an object; undefined where it may, or where it can't be told. */
export function kindWithoutObjects(schema: unknown): string | undefined {
  const definition = (schema as { readonly _zod?: { readonly def?: unknown } } | null | undefined)?._zod?.def;
  if (typeof definition !== "object" || definition === null) return undefined;
  const { type, innerType, in: first } = definition as Readonly<Record<string, unknown>>;
  if (typeof type !== "string") return undefined;
  if (NO_OBJECT.has(type)) return type;
  // `optional()`, `default()` and their like, and what is transformed afterwards.
  return kindWithoutObjects(innerType ?? first);
}
