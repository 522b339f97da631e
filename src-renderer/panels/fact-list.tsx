/** Names and values, a line each. */
import type { ReactElement } from "react";

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly tone?: "error";
  readonly isCode?: boolean;
}

export function FactList(props: { readonly facts: readonly Fact[] }): ReactElement {
  return (
    <dl className="facts-list">
      {props.facts.flatMap(({ name, value, tone, isCode }) => [
        <dt key={`${name} name`}>{name}</dt>,
        <dd key={`${name} value`} className={tone === "error" ? "outcome" : undefined} data-outcome={tone && "failed"}>
          {isCode === true ? <code>{value}</code> : value}
        </dd>,
      ])}
    </dl>
  );
}
