// Before joining: see oneself, choose devices, say who one is.

import { useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { canCapture, type Device, type Room, type RtcError } from "../../rtc";
import { Lobby } from "../home/lobby";
import { roomWishes } from "../options";
import { Button } from "../parts/controls";
import { FaultCard } from "../parts/fault-card";
import { toast } from "../parts/toasts";
import { smallWindow, useMedia } from "../parts/use-media";
import { useRenderOn } from "../parts/use-room";
import { deviceCode, deviceFault } from "./device-fault";
import { DevicePickers } from "./device-pickers";
import { JoinForm } from "./join-form";
import { Preview } from "./preview";
import { useCapture, type Capture, type CaptureKind } from "./use-capture";
import { useJoin } from "./use-join";

/** The page before a call. */
export function Door({ room, name, onJoined }: { room: Room; name: string; onJoined: () => void }) {
  const [watch, setWatch] = useState(() => roomWishes(location.search).viewer);
  const props = { room, name, onJoined };
  return watch ? <WatchDoor {...props} onTakePart={() => setWatch(false)} /> : <TakePartDoor {...props} />;
}

interface DoorProps {
  room: Room;
  name: string;
  onJoined: () => void;
}

/** For those who only watch: nothing but the name. */
function WatchDoor({ room, name, onJoined, onTakePart }: DoorProps & { onTakePart: () => void }) {
  useRenderOn(room, "changed");
  const join = useJoin(room, name, onJoined);
  return (
    <Lobby>
      <div class="door door-watch">
        <JoinForm room={name} join={join} as="viewer" onOther={onTakePart} />
      </div>
    </Lobby>
  );
}

/** For those who are to be seen and heard. */
function TakePartDoor({ room, name, onJoined }: DoorProps) {
  const words = useWords();
  useRenderOn(room, "changed");
  // On a phone the lists would push the button out of sight.
  const small = useMedia(smallWindow);
  const capture = useCapture(room);
  const join = useJoin(room, name, onJoined);
  const { isCameraEnabled, isMicrophoneEnabled } = room.localParticipant;
  const failed = (kind: Device["kind"], error: RtcError): void => {
    if (kind === "speaker") toast(words.devices.speakerFailed, "fault");
    else capture.fail(kind, error);
  };
  return (
    <Lobby>
      <div class="door">
        <div class="door-side">
          <Preview room={room} name={join.name.trim()} starting={capture.starting} onTurn={capture.turn} />
          {!canCapture() && <FaultCard fault={words.devices.insecure} />}
          <DeviceFaults capture={capture} />
        </div>
        <JoinForm room={name} join={join} as={isCameraEnabled || isMicrophoneEnabled ? "member" : "bare"} onOther={() => join.begin("viewer")}>
          <details open={!small}>
            <summary>{words.door.devices}</summary>
            <DevicePickers room={room} opened={capture.opened} onFault={failed} />
          </details>
        </JoinForm>
      </div>
    </Lobby>
  );
}

function DeviceFaults({ capture }: { capture: Capture }) {
  const words = useWords();
  const kinds: readonly CaptureKind[] = ["camera", "microphone"];
  return (
    <>
      {kinds.map((kind) => {
        const error = capture.faults[kind];
        const code = error && (deviceCode(words, error) ?? "device_failed");
        // Where nothing can be captured one card says so for both.
        if (!code || code === "insecure_context") return null;
        return (
          <FaultCard key={kind} fault={deviceFault(words, kind, code)} testId={`${kind}-fault`}>
            <Button kind="quiet" onClick={() => capture.turn(kind, true)}>{words.tryAgain}</Button>
          </FaultCard>
        );
      })}
    </>
  );
}
