// What one needs now and then.

import { useEffect, useRef } from "preact/hooks";
import { useWords, type Catalogue } from "../../i18n";
import type { Participant } from "../../rtc";
import { Icon, type IconName } from "../icons";
import { PathSegments } from "../parts/path-segments";
import { LanguageSwitch, ThemeSegments } from "../parts/switches";
import { useRenderOn, useRoom } from "../parts/use-room";
import { mixSentence } from "./path-words";
import { failed, useActions } from "./use-actions";

interface MoreProps {
  recording: boolean;
  onDevices: () => void;
  onStats: () => void;
  onMix: () => void;
  onRecord: () => void;
  onClose: () => void;
}

/** A small sheet over the bar. A click beside it closes it, and so does Escape. */
export function More({ recording, onDevices, onStats, onMix, onRecord, onClose }: MoreProps) {
  const words = useWords();
  const room = useRoom();
  useRenderOn(room, "changed");
  const actions = useActions();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    element.current?.focus();
    const press = (event: PointerEvent): void => {
      const { target } = event;
      // The button that opened it closes it by itself.
      if (target instanceof Element && !target.closest(".more, [data-testid=more-button]")) onClose();
    };
    addEventListener("pointerdown", press);
    return () => removeEventListener("pointerdown", press);
  });
  const self = room.localParticipant;
  const act = (action: () => void) => (): void => {
    onClose();
    action();
  };
  return (
    <div class="more" ref={element} role="dialog" aria-label={words.more.title} tabIndex={-1}>
      <div class="more-phone">
        <Item icon="hand" text={self.hand ? words.bar.lowerHand : words.bar.raiseHand} onClick={act(actions.hand)} />
        <Item icon={recording ? "stop" : "record"} text={recording ? words.bar.stopRecording : words.bar.record} onClick={act(onRecord)} />
      </div>
      {!self.viewer && <Item icon="devices" text={words.more.devices} onClick={act(onDevices)} />}
      {self.role === "host" && <Item icon="layout" text={words.mix.title} onClick={act(onMix)} />}
      <Item icon="activity" text={words.more.statistics} onClick={act(onStats)} />
      <div class="more-settings">
        <PathSegments
          label={words.path.wishLabel} value={self.pinned}
          onChoose={(path) => room.setPath(path).catch((error: unknown) => failed(words, error))}
        />
        <p class="quiet hint">{pathHint(words, self)}</p>
        <ThemeSegments />
        <LanguageSwitch kind="field" />
      </div>
      <p class="quiet hint more-keys">{words.more.shortcuts}</p>
    </div>
  );
}

/** What the choice means, or what keeps it from coming true. */
function pathHint({ path: words }: Catalogue, { path, reason }: Participant): string {
  if (reason === "mix_starting" || reason === "mix_failed") return words[reason];
  return path === "mcu" ? mixSentence(words, reason) : words.wishHint;
}

function Item({ icon, text, onClick }: { icon: IconName; text: string; onClick: () => void }) {
  return (
    <button type="button" class="more-item" onClick={onClick}>
      <Icon name={icon} />
      <span>{text}</span>
    </button>
  );
}
