// What the others will see and hear of oneself.

import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Room } from "../../rtc";
import { Avatar } from "../parts/avatar";
import { useLevel } from "../parts/level";
import { Picture } from "../parts/picture";
import { Round } from "../parts/round";

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
  const { isCameraEnabled: camera, isMicrophoneEnabled: mic } = self;
  const picture = camera ? self.track("camera") : undefined;
  const level = useRef<HTMLDivElement>(null);
  useLevel(level, mic ? (self.track("microphone")?.mediaStreamTrack ?? null) : null);
  return (
    <section class="preview" aria-label={door.preview}>
      <div class="preview-picture">
        {picture ? (
          <Picture track={picture} mirrored />
        ) : (
          <div class="preview-empty">
            {name && <Avatar name={name} size="large" />}
            <p>{starting ? door.cameraStarting : door.cameraOff}</p>
          </div>
        )}
        <div class="preview-switches">
          <Round
            icon={mic ? "microphone" : "microphone-off"} label={mic ? bar.mute : bar.unmute} look={mic ? undefined : "off"} on={mic}
            testId="mic-button" onClick={() => onTurn("microphone", !mic)}
          />
          <Round
            icon={camera ? "camera" : "camera-off"} label={camera ? bar.cameraOff : bar.cameraOn} look={camera ? undefined : "off"}
            on={camera} testId="camera-button" onClick={() => onTurn("camera", !camera)}
          />
        </div>
      </div>
      <div class="level" ref={level} role="img" aria-label={door.level} title={door.quiet}>
        <span />
      </div>
    </section>
  );
}
