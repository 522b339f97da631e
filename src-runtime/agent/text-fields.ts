/** A schema of an object of texts, for the tools we make ourselves: zod is the user's choice and may be missing. */
import { describeValue } from "../task/errors.ts";

export interface TextField {
  readonly description: string;
  /** Other texts are refused. */
  readonly oneOf?: readonly string[];
}

type Result = { readonly value: unknown } | { readonly issues: readonly { readonly message: string }[] };

/** A Standard Schema that also gives its JSON Schema, which the AI SDK takes. */
export function textFields(fields: Readonly<Record<string, TextField>>): object {
  const names = Object.keys(fields);
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, { description, oneOf }]) => [
      name,
      { type: "string", description, ...(oneOf === undefined ? {} : { enum: oneOf }) },
    ]),
  );
  const jsonSchema = (): object => ({ type: "object", properties, required: names, additionalProperties: false });

  function validate(value: unknown): Result {
    const given: Readonly<Record<string, unknown>> = typeof value === "object" && value !== null ? { ...value } : {};
    const issues = Object.entries(fields).flatMap(([name, { oneOf }]) => {
      const text = given[name];
      if (typeof text !== "string") return [{ message: `${name} must be a text, not ${describeValue(text)}.` }];
      if (oneOf === undefined || oneOf.includes(text)) return [];
      return [{ message: `${name} must be one of ${oneOf.join(", ")}, not ${describeValue(text)}.` }];
    });
    return issues.length > 0 ? { issues } : { value };
  }

  return {
    "~standard": {
      version: 1,
      vendor: "stallscope",
      validate,
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}
