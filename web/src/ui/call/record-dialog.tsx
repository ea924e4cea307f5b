// What to record.

import { useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { Recorder, type RecorderSource } from "../../rtc";
import { Button } from "../parts/controls";
import { Dialog } from "../parts/dialog";

/** Asks what to record; onStart begins. */
export function RecordDialog({ onStart, onClose }: { onStart: (source: RecorderSource) => void; onClose: () => void }) {
  const { record } = useWords();
  const [source, setSource] = useState<RecorderSource>("room");
  const choices = [["room", record.room, record.roomHint], ["self", record.self, record.selfHint]] as const;
  const start = (): void => {
    onClose();
    onStart(source);
  };
  return (
    <Dialog title={record.title} onClose={onClose}>
      <p class="quiet">{Recorder.isSupported() ? record.text : record.unsupported}</p>
      <div class="cards">
        {choices.map(([value, title, hint]) => (
          <label key={value} class="card">
            <input type="radio" name="source" checked={source === value} data-testid={`record-${value}`} onChange={() => setSource(value)} />
            <span>
              <strong>{title}</strong>
              <small>{hint}</small>
            </span>
          </label>
        ))}
      </div>
      <footer class="dialog-foot">
        <Button kind="main" disabled={!Recorder.isSupported()} testId="record-start" onClick={start}>{record.start}</Button>
      </footer>
    </Dialog>
  );
}
