/** The one button: primary once a screen, edged for actions, bare in toolbars. Square ones carry their name unseen. */
import type { ReactElement, ReactNode } from "react";

export interface ButtonProps {
  readonly kind?: "primary" | "edged" | "bare";
  readonly children?: ReactNode;
  /** The name where there are no words inside, or where they say too little. */
  readonly label?: string;
  readonly hint?: string;
  /** Only an icon inside. */
  readonly square?: boolean;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly autoFocus?: boolean;
  readonly onPress: () => void;
}

export function Button(props: ButtonProps): ReactElement {
  const {
    kind = "bare",
    children,
    label,
    hint,
    square = false,
    pressed,
    disabled = false,
    autoFocus = false,
    onPress,
  } = props;
  return (
    <button
      type="button"
      className="button"
      data-kind={kind}
      data-square={square ? "" : undefined}
      aria-label={label}
      aria-pressed={pressed}
      title={hint}
      disabled={disabled}
      autoFocus={autoFocus}
      onClick={onPress}
    >
      {children}
    </button>
  );
}

/** A reference that acts inside the page: looks like a link, is a button. */
export function LinkButton(props: {
  readonly children: ReactNode;
  readonly plain?: boolean;
  readonly onPress: () => void;
}): ReactElement {
  return (
    <button type="button" className="link" data-plain={props.plain === true ? "" : undefined} onClick={props.onPress}>
      {props.children}
    </button>
  );
}
