// The devices as the page before a call opens them.

import { useEffect, useState } from "preact/hooks";
import { canCapture, RtcError, type Room } from "../../rtc";
import { preferences } from "../preferences";
import { restoreSpeaker, turn } from "./use-devices";

/** A device that captures. */
export type CaptureKind = "camera" | "microphone";

/** What is open, what failed, and how to change it. */
export interface Capture {
  faults: Partial<Record<CaptureKind, RtcError>>;
  /** The camera is being asked for. */
  starting: boolean;
  /** Grows whenever a device was asked for. */
  opened: number;
  turn(kind: CaptureKind, on: boolean): void;
  fail(kind: CaptureKind, error: RtcError): void;
}

/** Opens what was open last time, and keeps account of what fails. */
export function useCapture(room: Room): Capture {
  const [faults, setFaults] = useState<Capture["faults"]>({});
  const [starting, setStarting] = useState(canCapture() && preferences().cameraOn);
  const [opened, setOpened] = useState(0);
  const fail = (kind: CaptureKind, error: RtcError | undefined): void => setFaults((old) => ({ ...old, [kind]: error }));
  const act = async (kind: CaptureKind, on: boolean): Promise<void> => {
    fail(kind, undefined);
    try {
      await turn(room, kind, on);
    } catch (error) {
      if (error instanceof RtcError) fail(kind, error);
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
  return { faults, starting, opened, turn: (kind, on) => void act(kind, on), fail };
}
