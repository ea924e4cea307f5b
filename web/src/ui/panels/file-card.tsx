// A file on its way.

import { useEffect, useReducer } from "preact/hooks";
import { languageTags, useLanguage, useWords, type Catalogue } from "../../i18n";
import { saveFile, type FileState, type IncomingFile, type OutgoingFile } from "../../rtc";
import { Icon } from "../icons";
import { Button } from "../parts/controls";
import { useRoom } from "../parts/use-room";
import { sizeParts } from "./talk";

/** A size in bytes in words. */
function useSizeText(bytes: number): string {
  const words = useWords();
  const tag = languageTags[useLanguage()];
  const { value, unit } = sizeParts(bytes);
  return words.bytes(value.toLocaleString(tag), unit);
}

function useProgress(file: IncomingFile | OutgoingFile): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => file.onProgress(() => render(undefined)), [file]);
}

function stateText({ chat }: Catalogue, state: FileState): string {
  return state === "done" ? chat.saved : state === "failed" ? chat.failed : state === "cancelled" ? chat.cancelled : "";
}

/** A file that somebody offers: nothing comes until one asks for it. */
export function IncomingCard({ file }: { file: IncomingFile }) {
  const words = useWords();
  useProgress(file);
  const { state, received, size } = file;
  const fetch = (): void => {
    file.accept().then((whole) => saveFile(whole, file.name), () => undefined);
  };
  return (
    <div class="file" data-testid="file" data-state={state}>
      <Head name={file.name} size={size} note={stateText(words, state)} />
      {state === "running" && <progress value={received} max={size} aria-label={file.name} />}
      {state === "offered" && <Button icon="download" testId="file-download" onClick={fetch}>{words.chat.download}</Button>}
      {state === "running" && <Button kind="quiet" onClick={() => file.cancel()}>{words.chat.stop}</Button>}
    </div>
  );
}

/** A file that one offers, and how many have fetched it. */
export function OutgoingCard({ file }: { file: OutgoingFile }) {
  const words = useWords();
  const room = useRoom();
  useProgress(file);
  const { state, progress } = file;
  const { size, name } = file.file;
  const sent = [...progress.values()];
  const whole = sent.filter((bytes) => bytes >= size).length;
  const running = sent.filter((bytes) => bytes < size);
  const open = state === "offered" || state === "running" || state === "done";
  const note = !open ? stateText(words, state) : whole > 0 ? words.chat.fetched(whole) : words.chat.offered;
  const to = file.to && words.chat.only(room.participant(file.to)?.name ?? "");
  return (
    <div class="file" data-testid="file" data-state={state}>
      <Head name={name} size={size} note={[note, to].filter(Boolean).join(", ")} />
      {open && running.length > 0 && <progress value={Math.min(...running)} max={size} aria-label={name} />}
      {(state === "offered" || state === "running") && <Button kind="quiet" onClick={() => file.cancel()}>{words.chat.withdraw}</Button>}
    </div>
  );
}

function Head({ name, size, note }: { name: string; size: number; note: string }) {
  const text = useSizeText(size);
  return (
    <div class="file-head">
      <Icon name="file" />
      <div>
        <strong>{name}</strong>
        <small>{note ? `${text} · ${note}` : text}</small>
      </div>
    </div>
  );
}
