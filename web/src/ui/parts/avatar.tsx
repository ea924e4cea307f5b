// A round field with initials.

import { hueOf, initials } from "./initials";

/** Stands for a person without a picture. */
export function Avatar({ name, size = "small" }: { name: string; size?: "small" | "large" }) {
  return (
    <span class={`avatar avatar-${size}`} style={{ "--hue": String(hueOf(name)) }} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
