// What the others will see and hear of oneself.

import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Room } from "../../rtc";
import { Icon } from "../icons";
import { useLevel } from "../parts/level";
import { Picture } from "../parts/picture";
import { Avatar } from "../parts/avatar";

interface PreviewProps {
  room: Room;
  name: string;
  starting: boolean;
  onTurn: (kind: "camera" | "microphone", on: boolean) => void;
}

/** The picture, with the two switches on it and the microphone's level below. */
export function Preview({ room, name, starting, onTurn }: PreviewProps) {
  const { door, bar } = useWords();
  const { localParticipant: self } = room;
  const camera = self.isCameraEnabled ? self.track("camera") : undefined;
  const level = useRef<HTMLDivElement>(null);
  useLevel(level, self.isMicrophoneEnabled ? (self.track("microphone")?.mediaStreamTrack ?? null) : null);
  return (
    <section class="preview" aria-label={door.preview}>
      <div class="preview-picture">
        {camera ? (
          <Picture track={camera} mirrored />
        ) : (
          <div class="preview-empty">
            {name && <Avatar name={name} size="large" />}
            <p>{starting ? door.cameraStarting : door.cameraOff}</p>
          </div>
        )}
        <div class="preview-switches">
          <Toggle
            icon="microphone" on={self.isMicrophoneEnabled} testId="mic-button"
            label={self.isMicrophoneEnabled ? bar.mute : bar.unmute} onTurn={(on) => onTurn("microphone", on)}
          />
          <Toggle
            icon="camera" on={self.isCameraEnabled} testId="camera-button"
            label={self.isCameraEnabled ? bar.cameraOff : bar.cameraOn} onTurn={(on) => onTurn("camera", on)}
          />
        </div>
      </div>
      <div class="level" ref={level} role="img" aria-label={door.level} title={door.quiet}>
        <span />
      </div>
    </section>
  );
}

interface ToggleProps {
  icon: "microphone" | "camera";
  on: boolean;
  label: string;
  testId: string;
  onTurn: (on: boolean) => void;
}

function Toggle({ icon, on, label, testId, onTurn }: ToggleProps) {
  return (
    <button
      type="button" class={`round ${on ? "" : "round-off"}`} aria-label={label} title={label} data-testid={testId}
      data-on={on} onClick={() => onTurn(!on)}
    >
      <Icon name={on ? icon : `${icon}-off`} />
    </button>
  );
}
