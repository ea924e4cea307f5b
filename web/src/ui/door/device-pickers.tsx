// Camera, microphone and speaker, each as a list.

import { useWords } from "../../i18n";
import { canChooseSpeaker, type Device, type Room, type RtcError } from "../../rtc";
import { Select, type Option } from "../parts/controls";
import { usePreferences } from "../preferences";
import { chooseDevice, useDeviceList } from "./use-devices";
import type { IconName } from "../icons";

const icons: Readonly<Record<Device["kind"], IconName>> = { camera: "camera", microphone: "microphone", speaker: "sound" };

interface DevicePickersProps {
  room: Room;
  /** Changes when a device was opened: only then do browsers tell the names. */
  opened: unknown;
  onFault: (kind: Device["kind"], error: RtcError) => void;
}

/** The lists; the speaker's only where the browser lets one choose. */
export function DevicePickers({ room, opened, onFault }: DevicePickersProps) {
  const { door } = useWords();
  const chosen = usePreferences();
  const devices = useDeviceList(opened);
  const kinds: readonly Device["kind"][] = canChooseSpeaker() ? ["camera", "microphone", "speaker"] : ["camera", "microphone"];
  return (
    <div class="pickers">
      {kinds.map((kind) => {
        const found = devices.filter((d) => d.kind === kind);
        const known = found.some((d) => d.id === chosen[kind]);
        // Some systems list their own choice as a device; the others get one here.
        const own = found.some((d) => d.id === "default");
        const options: Option<string>[] = found.map((d, i) => [d.id, d.label || door.unnamed(door[kind], i + 1)]);
        if (!own) options.unshift(["", found.length > 0 || kind === "speaker" ? door.systemChoice : door.none]);
        return (
          <Select
            key={kind}
            label={door[kind]}
            icon={icons[kind]}
            value={known ? chosen[kind] : own ? "default" : ""}
            options={options}
            disabled={found.length === 0}
            testId={`${kind}-select`}
            onChoose={(id) => chooseDevice(room, kind, id).catch((error: RtcError) => onFault(kind, error))}
          />
        );
      })}
    </div>
  );
}
