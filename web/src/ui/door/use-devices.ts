// The devices of this computer, and switching among them.

import { useEffect, useState } from "preact/hooks";
import { canCapture, canChooseSpeaker, listDevices, onDevicesChanged, type Device, type Room } from "../../rtc";
import { preferences, remember } from "../preferences";

/** What there is to choose from. */
export function useDeviceList(renew: unknown): readonly Device[] {
  const [devices, setDevices] = useState<readonly Device[]>([]);
  useEffect(() => {
    const read = (): void => {
      listDevices().then(setDevices, () => setDevices([]));
    };
    read();
    return onDevicesChanged(read);
  }, [renew]);
  return devices;
}

/** Uses a device from now on and remembers it. Rejects with RtcError. */
export async function chooseDevice(room: Room, kind: Device["kind"], id: string): Promise<void> {
  remember({ [kind]: id });
  if (kind === "speaker") await room.setSpeaker(id);
  else await room.localParticipant.switchDevice(kind, id);
}

/** Turns the camera or the microphone on or off and remembers it. Rejects with RtcError. */
export async function turn(room: Room, kind: "camera" | "microphone", on: boolean): Promise<void> {
  remember(kind === "camera" ? { cameraOn: on } : { microphoneOn: on });
  const deviceId = preferences()[kind];
  const options = deviceId ? { deviceId } : {};
  const { localParticipant: self } = room;
  await (kind === "camera" ? self.setCameraEnabled(on, options) : self.setMicrophoneEnabled(on, options));
}

/** Uses the speaker that was chosen once, if it is still there. */
export async function restoreSpeaker(room: Room): Promise<void> {
  const { speaker } = preferences();
  if (speaker && canChooseSpeaker() && canCapture()) await room.setSpeaker(speaker).catch(() => undefined);
}
