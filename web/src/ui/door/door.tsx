// Before joining: see oneself, choose devices, say who one is.

import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { canCapture, RtcError, type Code, type Device, type LocalCode, type Room } from "../../rtc";
import { Lobby } from "../home/lobby";
import { Button } from "../parts/controls";
import { FaultCard, faultWords } from "../parts/fault-card";
import { toast } from "../parts/toasts";
import { narrowWindow, useMedia } from "../parts/use-media";
import { useRenderOn } from "../parts/use-room";
import { preferences, remember, withRecent } from "../preferences";
import { tokenFrom } from "../route";
import { deviceFault } from "./device-fault";
import { DevicePickers } from "./device-pickers";
import { Preview } from "./preview";
import { restoreSpeaker, turn } from "./use-devices";

type Kind = "camera" | "microphone";
type Faults = Partial<Record<Kind, Code | LocalCode>>;

/** Opens what was open last time, and keeps account of what fails. */
function useCapture(room: Room) {
  const [faults, setFaults] = useState<Faults>({});
  const [starting, setStarting] = useState(canCapture() && preferences().cameraOn);
  const [opened, setOpened] = useState(0);
  const act = async (kind: Kind, on: boolean): Promise<void> => {
    setFaults((old) => ({ ...old, [kind]: undefined }));
    try {
      await turn(room, kind, on);
    } catch (error) {
      setFaults((old) => ({ ...old, [kind]: error instanceof RtcError ? error.code : "device_failed" }));
    } finally {
      setOpened((count) => count + 1);
    }
  };
  useEffect(() => {
    if (!canCapture()) return;
    const { cameraOn, microphoneOn } = preferences();
    // One after the other: two questions at once confuse.
    const begin = async (): Promise<void> => {
      if (cameraOn) await act("camera", true);
      setStarting(false);
      if (microphoneOn) await act("microphone", true);
      await restoreSpeaker(room);
    };
    void begin();
  }, [room]);
  return { faults, starting, opened, act, setFaults };
}

interface DoorProps {
  room: Room;
  name: string;
  onJoined: () => void;
}

/** The page before a call. */
export function Door({ room, name: roomName, onJoined }: DoorProps) {
  const words = useWords();
  useRenderOn(room, "changed");
  // On a phone the lists would push the button out of sight.
  const narrow = useMedia(narrowWindow);
  const { faults, starting, opened, act, setFaults } = useCapture(room);
  const [name, setName] = useState(preferences().name);
  const [unnamed, setUnnamed] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const [joining, setJoining] = useState(false);
  const { isCameraEnabled, isMicrophoneEnabled } = room.localParticipant;

  const join = async (event: Event): Promise<void> => {
    event.preventDefault();
    const trimmed = name.trim();
    if (trimmed === "") {
      setUnnamed(true);
      document.getElementById("name")?.focus();
      return;
    }
    setJoining(true);
    setRefused(null);
    const token = tokenFrom(location.search, location.hash);
    try {
      await room.connect("", { room: roomName, name: trimmed, ...(token !== undefined && { token }) });
      remember({ name: trimmed, recent: withRecent(preferences().recent, roomName, Date.now()) });
      onJoined();
    } catch (error) {
      setRefused(error instanceof RtcError ? error.code : "internal");
      setJoining(false);
    }
  };

  return (
    <Lobby>
      <div class="door">
        <div class="door-side">
          <Preview room={room} name={name.trim()} starting={starting} onTurn={(kind, on) => void act(kind, on)} />
          {!canCapture() && <FaultCard fault={words.devices.insecure} />}
          {(["camera", "microphone"] as const).map((kind) => {
            const code = faults[kind];
            if (!code || code === "insecure_context") return null;
            return (
              <FaultCard key={kind} fault={deviceFault(words, kind, code)}>
                <Button kind="quiet" onClick={() => void act(kind, true)}>{words.tryAgain}</Button>
              </FaultCard>
            );
          })}
        </div>
        <form class="door-form" onSubmit={(event) => void join(event)} noValidate>
          <h1>{words.door.heading}</h1>
          <p class="door-room">{words.door.room(roomName)}</p>
          <label for="name">{words.door.name}</label>
          <input
            id="name" class="input" value={name} maxLength={64} autocomplete="name" data-testid="name-input"
            aria-invalid={unnamed} aria-describedby="name-hint"
            onInput={(event) => {
              setName(event.currentTarget.value);
              setUnnamed(false);
            }}
          />
          <p id="name-hint" class={unnamed ? "input-fault" : "quiet"}>{unnamed ? words.door.nameMissing : words.door.nameHint}</p>
          <details open={!narrow}>
            <summary>{words.door.devices}</summary>
            <DevicePickers
              room={room}
              opened={opened}
              onFault={(kind: Device["kind"], { code }) => {
                if (kind === "speaker") toast(words.devices.speakerFailed, "fault");
                else setFaults((old) => ({ ...old, [kind]: code }));
              }}
            />
          </details>
          {refused && (
            <FaultCard fault={faultWords(words, refused)}>
              {faultWords(words, refused) === words.faults.other && <small>{words.faultCode(refused)}</small>}
            </FaultCard>
          )}
          <Button kind="main" type="submit" class="door-join" disabled={joining} testId="join-button">
            {joining ? words.door.joining : isCameraEnabled || isMicrophoneEnabled ? words.door.join : words.door.joinBare}
          </Button>
        </form>
      </div>
    </Lobby>
  );
}
