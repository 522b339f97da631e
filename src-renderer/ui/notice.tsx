/**
 * An empty, partial or failed state: what is so, one sentence why, at most two actions. Of an error the code comes last
 * and quiet. No illustration.
 */
import type { ReactElement, ReactNode } from "react";
import type { ApiError } from "../../src-main/api/api.ts";

export function Notice(props: {
  readonly title: string;
  readonly tone?: "plain" | "error" | "cut";
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  readonly code?: ReactNode;
}): ReactElement {
  const { title, tone = "plain", children, actions, code } = props;
  return (
    <section className="notice" data-tone={tone} role={tone === "error" ? "alert" : undefined}>
      <h2 className="notice-title">{title}</h2>
      {children}
      {actions !== undefined && <div className="notice-actions">{actions}</div>}
      {code !== undefined && <p className="notice-code">{code}</p>}
    </section>
  );
}

export function ErrorNotice(props: {
  readonly title: string;
  readonly error: Readonly<Record<keyof ApiError, string>>;
  readonly actions?: ReactNode;
}): ReactElement {
  const { title, error, actions } = props;
  return (
    <Notice
      title={title}
      tone="error"
      actions={actions}
      code={
        <>
          Error <code>{error.code}</code>
          {READING_ERRORS.has(error.code) && ", exit code 4 on the command line"}
        </>
      }
    >
      <p>
        {error.message} {error.hint}
      </p>
    </Notice>
  );
}

const READING_ERRORS: ReadonlySet<string> = new Set(["not-found", "unreadable", "format-too-new", "foreign"]);
