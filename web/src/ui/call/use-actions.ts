// What the bar, the keys and the menu do.

import { useWords, type Catalogue } from "../../i18n";
import { RtcError, type Room } from "../../rtc";
import { deviceAdvice, deviceCode } from "../door/device-fault";
import { turn } from "../door/use-devices";
import { faultWords } from "../parts/fault-card";
import { toast } from "../parts/toasts";
import { useRoom } from "../parts/use-room";

/** Everything that one does with one tap. None of them rejects: what fails is said in a toast. */
export interface Actions {
  microphone(): void;
  camera(): void;
  screen(): void;
  hand(): void;
}

/** A refused request in words, or the one who asks is told that nothing works any more. */
export function failed(words: Catalogue, error: unknown): void {
  const code = error instanceof RtcError ? error.code : "internal";
  // A request that is lost with the line is no news beside the banner.
  if (code === "cancelled" || code === "not_connected") return;
  toast(faultWords(words, code).title, "fault");
}

function actionsOf(room: Room, words: Catalogue): Actions {
  const self = room.localParticipant;
  const device = (kind: "camera" | "microphone", on: boolean): void => {
    if (self.viewer) return;
    turn(room, kind, on).catch((error: unknown) => {
      const code = deviceCode(words, error);
      if (!code) return failed(words, error);
      const { title, text } = deviceAdvice(words, kind, code);
      toast(`${title}\n${text}`, "fault");
    });
  };
  return {
    microphone: () => device("microphone", !self.isMicrophoneEnabled),
    camera: () => device("camera", !self.isCameraEnabled),
    screen: () => {
      self.setScreenShareEnabled(!self.isScreenShareEnabled).catch((error: unknown) => {
        if (error instanceof RtcError && error.code === "cancelled") return;
        toast(words.devices.screenFailed, "fault");
      });
    },
    hand: () => {
      self.setHand(!self.hand).catch((error: unknown) => failed(words, error));
    },
  };
}

/** The actions for the room and language of the component. */
export function useActions(): Actions {
  return actionsOf(useRoom(), useWords());
}
