// Buttons, choices and lists to choose from.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon, type IconName } from "../icons";

interface ButtonProps {
  children: ComponentChildren;
  icon?: IconName;
  kind?: "main" | "plain" | "quiet" | "danger";
  type?: "button" | "submit";
  disabled?: boolean;
  class?: string;
  /** For readers, where its words alone don't tell. */
  label?: string | undefined;
  testId?: string | undefined;
  onClick?: () => void;
}

/** A button with words. */
export function Button({ children, icon, kind = "plain", type = "button", disabled, class: extra = "", label, testId, onClick }: ButtonProps) {
  return (
    <button
      type={type} class={`button button-${kind} ${extra}`} disabled={disabled} aria-label={label} data-testid={testId}
      onClick={onClick}
    >
      {icon && <Icon name={icon} class="icon-small" />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  disabled?: boolean;
  class?: string;
  testId?: string;
  onClick: () => void;
}

/** A button with an icon; its label is for readers and shows on hover. */
export function IconButton({ icon, label, disabled, class: extra = "", testId, onClick }: IconButtonProps) {
  return (
    <button
      type="button" class={`icon-button ${extra}`} aria-label={label} title={label} disabled={disabled} data-testid={testId}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** One thing to choose: its value, and how it is called. */
export type Option<T extends string> = readonly [value: T, label: string];

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly Option<T>[];
  onChoose: (value: T) => void;
}

/** A few things of which one holds, side by side. */
export function Segments<T extends string>({ label, value, options, onChoose }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend>{label}</legend>
      <div class="segments-row">
        {options.map(([option, text]) => (
          <label key={option}>
            <input type="radio" name={name} checked={option === value} onChange={() => onChoose(option)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface SelectProps<T extends string> extends ChoiceProps<T> {
  icon?: IconName;
  /** "field" has its label above; "inline" has an icon and no frame. */
  kind?: "field" | "inline";
  disabled?: boolean;
  testId?: string;
}

/** A list to choose from, as the system shows it. */
export function Select<T extends string>({ label, value, options, icon, kind = "field", disabled, testId, onChoose }: SelectProps<T>) {
  const id = useId();
  const byValue = (chosen: string): void => {
    const option = options.find(([o]) => o === chosen);
    if (option) onChoose(option[0]);
  };
  return (
    <div class={`select select-${kind}`}>
      {kind === "field" && <label for={id}>{label}</label>}
      <div class="select-box">
        {icon && <Icon name={icon} class="select-icon" />}
        <select
          id={id}
          aria-label={kind === "inline" ? label : undefined}
          value={value}
          disabled={disabled}
          data-testid={testId}
          onChange={(event) => byValue(event.currentTarget.value)}
        >
          {options.map(([option, text]) => (
            <option key={option} value={option} selected={option === value}>
              {text}
            </option>
          ))}
        </select>
        <Icon name="down" class="select-arrow icon-small" />
      </div>
    </div>
  );
}

interface SwitchProps {
  label: string;
  hint?: string;
  on: boolean;
  onSwitch: (on: boolean) => void;
}

/** Something that is on or off. */
export function Switch({ label, hint, on, onSwitch }: SwitchProps) {
  return (
    <label class="switch">
      <span class="switch-words">
        {label}
        {hint && <small>{hint}</small>}
      </span>
      <input type="checkbox" role="switch" checked={on} onChange={(event) => onSwitch(event.currentTarget.checked)} />
    </label>
  );
}
