// The calls of the web client, without any UI. See docs/client.md.

import { RoomEntry } from "./room";
import type { Room, RoomOptions } from "./types";

export * from "./types";
export {
  canCapture, canChooseSpeaker, canShareScreen, listDevices, onDevicesChanged, openCamera, openMicrophone, type Device,
} from "./devices";
export { LevelMeter } from "./level-meter";
export { Recorder, saveFile, type Recording, type RecorderSource } from "./recorder";
export { supportsCalls } from "./adapter";

/** Makes a room that is not connected yet. */
export function createRoom(options?: RoomOptions): Room {
  return new RoomEntry(options);
}
