// A round button of the bar.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "../icons";

interface RoundProps {
  icon: IconName;
  /** For readers. */
  label: string;
  /** Shown on hover; the label, if it is left out. */
  tip?: string;
  /** The key that does the same. */
  shortcut?: string;
  /** How it looks: struck through and tinted, at work, or with something open. */
  look?: "off" | "active" | "pressed" | "recording" | undefined;
  /** For what is on or off. */
  on?: boolean;
  /** For what opens and closes something. */
  open?: boolean;
  /** Has no room on a phone; it is in "more" there. */
  wide?: boolean;
  testId: string;
  /** Beside or instead of the icon. */
  children?: ComponentChildren;
  onClick: () => void;
}

/** The button; its words show on hover where one can hover. */
export function Round({ icon, label, tip = label, shortcut, look, on, open, wide, testId, children, onClick }: RoundProps) {
  const classes = ["round", look && `round-${look}`, wide && "wide-only"].filter(Boolean).join(" ");
  return (
    <button
      type="button"
      class={classes}
      aria-label={label}
      aria-expanded={open}
      data-tip={shortcut ? `${tip} (${shortcut})` : tip}
      data-on={on}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon name={icon} />
      {children}
    </button>
  );
}
