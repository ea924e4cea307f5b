// The talk of a call: its lines, its files, and what one has not read yet.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { toast } from "../parts/toasts";
import { useRoom, useRoomEvent } from "../parts/use-room";
import { failed } from "../call/use-actions";
import type { FileEntry } from "./talk";

/** What the chat panel shows and does. */
export interface Talk {
  files: readonly FileEntry[];
  unread: number;
  /** What one has begun to write; it outlives the panel. */
  draft: string;
  setDraft(text: string): void;
  /** To whom lines and files go: a member's id, or "" for all. */
  to: string;
  setTo(to: string): void;
  sendFiles(files: Iterable<File>): void;
}

/** Collects for as long as the call lasts. reading: the chat panel is open. */
export function useTalk(reading: boolean): Talk {
  const words = useWords();
  const room = useRoom();
  const files = useRef<readonly FileEntry[]>([]);
  const [unread, setUnread] = useState(0);
  const [draft, setDraft] = useState("");
  const [chosen, setTo] = useState("");
  // Who has left can't be written to.
  const to = room.participants.some((p) => p.id === chosen) ? chosen : "";
  const [, render] = useReducer((count: number) => count + 1, 0);

  const keep = (file: FileEntry["file"]): void => {
    files.current = [...files.current, { file, at: Date.now(), after: room.chat.at(-1)?.time ?? 0 }];
    render(undefined);
  };
  const news = (text: string): void => {
    if (reading) return;
    setUnread((count) => count + 1);
    toast(text);
  };
  useRoomEvent("chat", ({ from, name, text }) => {
    if (from !== room.localParticipant.id) news(words.chat.said(name, text));
  });
  useRoomEvent("fileOffered", (file) => {
    keep(file);
    news(words.chat.fileFrom(room.participant(file.from)?.name ?? "", file.name));
  });
  useEffect(() => {
    if (reading) setUnread(0);
  }, [reading]);

  const sendFiles = (list: Iterable<File>): void => {
    for (const file of list) {
      try {
        keep(room.sendFile(file, to));
      } catch (error) {
        failed(words, error);
      }
    }
  };
  return { files: files.current, unread, draft, setDraft, to, setTo, sendFiles };
}
