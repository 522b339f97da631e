/** Attributes as they were recorded: a name and a value a line, what is nested folded under its name. */
import type { ReactElement } from "react";
import { formatCountOf } from "../../src-main/api/format.ts";

export function AttributeTree(props: { readonly attributes: Readonly<Record<string, unknown>> }): ReactElement {
  return (
    <ul className="attributes">
      {Object.entries(props.attributes).map(([name, value]) => (
        <li key={name} className="attribute">
          <Attribute name={name} value={value} />
        </li>
      ))}
    </ul>
  );
}

function Attribute(props: { readonly name: string; readonly value: unknown }): ReactElement {
  const { name, value } = props;
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return (
      <>
        <span className="attribute-name">{name}</span>
        <span className="attribute-value">{textOf(value)}</span>
      </>
    );
  }
  const count = Object.keys(value).length;
  return (
    <details open={count <= SHOWN_OPEN}>
      <summary>
        <span className="attribute-name">{name}</span>
        <span className="quiet">{formatCountOf(count, Array.isArray(value) ? "item" : "field")}</span>
      </summary>
      <AttributeTree attributes={value as Readonly<Record<string, unknown>>} />
    </details>
  );
}

const SHOWN_OPEN = 4;
const SHOWN_DIGITS = 6;

function textOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "undefined":
      return "";
    case "bigint":
      return String(value);
    case "number":
      // What arithmetic left in the last places says nothing; the copy as JSON has them.
      return String(Number.isInteger(value) ? value : Number(value.toPrecision(SHOWN_DIGITS)));
    default:
      return JSON.stringify(value);
  }
}
