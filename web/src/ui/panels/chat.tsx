// The chat: text for all or for one, and files.

import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import { RtcError } from "../../rtc";
import { Icon } from "../icons";
import { IconButton, Select, type Option } from "../parts/controls";
import { toast } from "../parts/toasts";
import { useRenderOn, useRoom } from "../parts/use-room";
import { ChatLines } from "./chat-lines";
import { Panel } from "./panel";
import type { Talk } from "./use-talk";

/** The panel. */
export function Chat({ talk, onClose }: { talk: Talk; onClose: () => void }) {
  const words = useWords();
  const { chat } = words;
  const room = useRoom();
  useRenderOn(room, "changed");
  const { draft, setDraft, to, setTo } = talk;
  const picker = useRef<HTMLInputElement>(null);

  const send = (): void => {
    const text = draft.trim();
    if (text === "") return;
    setDraft("");
    room.sendChat(text, to || undefined).catch((error: unknown) => {
      const tooLong = error instanceof RtcError && error.code === "too_large";
      toast(tooLong ? chat.tooLong(room.limits?.chat_chars ?? 0) : chat.notSent, "fault");
      setDraft(text);
    });
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const receivers: Option<string>[] = [["", chat.everybody], ...room.participants.map(({ id, name }): Option<string> => [id, name])];
  return (
    <Panel title={chat.title} onClose={onClose}>
      <ChatLines files={talk.files} />
      <form
        class="chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {room.participants.length > 1 && (
          <Select kind="inline" icon="person" label={chat.to} value={to} options={receivers} testId="chat-to" onChoose={setTo} />
        )}
        <div class="chat-row">
          <IconButton icon="attach" label={chat.attach} onClick={() => picker.current?.click()} />
          <textarea
            class="input chat-input" rows={1} placeholder={chat.placeholder} aria-label={chat.placeholder} value={draft} data-first
            data-testid="chat-input" onKeyDown={keyDown} onInput={(event) => setDraft(event.currentTarget.value)}
            onPaste={(event) => {
              const files = event.clipboardData?.files;
              if (files && files.length > 0) talk.sendFiles(files);
            }}
          />
          <button type="submit" class="icon-button chat-send" aria-label={chat.send} title={chat.send} data-testid="chat-send">
            <Icon name="send" />
          </button>
        </div>
        <input
          ref={picker} type="file" multiple class="hidden" tabIndex={-1} aria-label={chat.attach} data-testid="file-input"
          onChange={(event) => {
            talk.sendFiles(event.currentTarget.files ?? []);
            event.currentTarget.value = "";
          }}
        />
      </form>
    </Panel>
  );
}
