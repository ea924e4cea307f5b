// What was said, the newest at the bottom.

import { useLayoutEffect, useRef } from "preact/hooks";
import { languageTags, useLanguage, useWords } from "../../i18n";
import { useRoom } from "../parts/use-room";
import { IncomingCard, OutgoingCard } from "./file-card";
import { linkPieces, mergeTalk, type FileEntry, type TalkItem } from "./talk";

/** The lines and files. Whoever reads at the bottom stays there. */
export function ChatLines({ files }: { files: readonly FileEntry[] }) {
  const { chat } = useWords();
  const room = useRoom();
  const element = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const items = mergeTalk(room.chat, files);
  useLayoutEffect(() => {
    const el = element.current;
    if (el && atEnd.current) el.scrollTop = el.scrollHeight;
  });
  const scrolled = (): void => {
    const el = element.current;
    if (el) atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < 48;
  };
  return (
    <div class="chat-lines" ref={element} role="log" aria-live="polite" tabIndex={0} onScroll={scrolled} data-testid="chat-lines">
      {items.length === 0 && <p class="quiet chat-empty">{chat.empty}</p>}
      {items.map((item) => <Item key={item.key} item={item} />)}
    </div>
  );
}

function Item({ item }: { item: TalkItem }) {
  const words = useWords();
  const room = useRoom();
  const self = room.localParticipant;
  if (item.kind === "file") {
    const { file, at } = item.entry;
    const incoming = "from" in file;
    const own = !incoming;
    return (
      <section class={`said ${own ? "said-own" : ""}`}>
        <SaidHead name={incoming ? (room.participant(file.from)?.name ?? "") : words.you} note="" time={at} />
        {incoming ? <IncomingCard file={file} /> : <OutgoingCard file={file} />}
      </section>
    );
  }
  const { from, to, name, time, lines } = item;
  const own = from === self.id;
  const note = to === "" ? "" : to === self.id ? words.chat.onlyYou : words.chat.only(room.participant(to)?.name ?? "");
  return (
    <section class={`said ${own ? "said-own" : ""}`}>
      <SaidHead name={own ? words.you : name} note={note} time={time} />
      {lines.map((line) => (
        <p key={line.time} class={`line ${to ? "line-private" : ""}`} data-testid="chat-line">
          {linkPieces(line.text).map(({ text, link }) =>
            link ? <a key={text} href={text} target="_blank" rel="noopener noreferrer">{text}</a> : text,
          )}
        </p>
      ))}
    </section>
  );
}

function SaidHead({ name, note, time }: { name: string; note: string; time: number }) {
  const tag = languageTags[useLanguage()];
  const clock = new Date(time).toLocaleTimeString(tag, { hour: "2-digit", minute: "2-digit" });
  return (
    <header class="said-head">
      <strong>{name}</strong>
      {note && <em>{note}</em>}
      <time>{clock}</time>
    </header>
  );
}
