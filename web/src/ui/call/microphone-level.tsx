// The live level inside the microphone's icon.

import { useRef } from "preact/hooks";
import { useLevel } from "../parts/level";

/** Fills the microphone as far as one is heard. */
export function MicrophoneLevel({ track }: { track: MediaStreamTrack | null }) {
  const element = useRef<HTMLSpanElement>(null);
  useLevel(element, track);
  return (
    <span ref={element} class="microphone-level" aria-hidden="true">
      <svg class="icon" viewBox="0 0 24 24">
        <rect x="9" y="2" width="6" height="13" rx="3" />
      </svg>
    </span>
  );
}
