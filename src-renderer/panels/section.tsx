/** One question of a panel: its title, what qualifies it on the right, its answer. */
import type { ReactElement, ReactNode } from "react";

export function Section(props: {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}): ReactElement {
  const { title, aside, children } = props;
  return (
    <section className="section" aria-label={title}>
      {title !== undefined && (
        <header className="section-head">
          <h3 className="section-title">{title}</h3>
          {aside !== undefined && <span className="section-aside">{aside}</span>}
        </header>
      )}
      {children}
    </section>
  );
}
