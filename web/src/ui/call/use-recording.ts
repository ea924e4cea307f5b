// One recording at a time.

import { useEffect, useRef, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { Recorder, saveFile, type RecorderSource } from "../../rtc";
import { toast } from "../parts/toasts";
import { useRoom } from "../parts/use-room";

/** When it began, in Date.now milliseconds, or null; and how to begin and to end it. */
export interface RecordingControl {
  since: number | null;
  start(source: RecorderSource): void;
  stop(): void;
}

/** Records until stop() or until the call is left; either way the file is saved. */
export function useRecording(): RecordingControl {
  const { record } = useWords();
  const room = useRoom();
  const recorder = useRef<Recorder | null>(null);
  const [since, setSince] = useState<number | null>(null);

  const save = (): void => {
    const current = recorder.current;
    recorder.current = null;
    setSince(null);
    current?.stop().then(
      ({ blob, name }) => {
        saveFile(blob, name);
        toast(record.saved(name));
      },
      () => toast(record.unsupported, "fault"),
    );
  };
  const start = (source: RecorderSource): void => {
    const next = new Recorder(room, source);
    next.start().then(
      () => {
        recorder.current = next;
        setSince(Date.now());
      },
      () => toast(record.unsupported, "fault"),
    );
  };
  useEffect(() => save, []);
  return { since, start, stop: save };
}
