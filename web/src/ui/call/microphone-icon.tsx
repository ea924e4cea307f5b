// The microphone, filled as far as one is heard.

import { useRef } from "preact/hooks";
import { Icon } from "../icons";
import { useLevel } from "../parts/level";

/** Struck through while off; with the live level in it while on. */
export function MicrophoneIcon({ track, on }: { track: MediaStreamTrack | null; on: boolean }) {
  const element = useRef<HTMLSpanElement>(null);
  useLevel(element, track);
  return (
    <span ref={element} class="microphone">
      {on && (
        <svg class="icon microphone-level" viewBox="0 0 24 24" aria-hidden="true">
          <rect x="9" y="2" width="6" height="13" rx="3" />
        </svg>
      )}
      <Icon name={on ? "microphone" : "microphone-off"} />
    </span>
  );
}
