// What one needs now and then.

import { useEffect, useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Path } from "../../rtc";
import { Icon, type IconName } from "../icons";
import { Segments } from "../parts/controls";
import { LanguageSwitch, ThemeSegments } from "../parts/switches";
import { useRenderOn, useRoom } from "../parts/use-room";
import { failed, useActions } from "./use-actions";

interface MoreProps {
  recording: boolean;
  onDevices: () => void;
  onStats: () => void;
  onRecord: () => void;
  onClose: () => void;
}

/** A small sheet over the bar. A click beside it closes it, and so does Escape. */
export function More({ recording, onDevices, onStats, onRecord, onClose }: MoreProps) {
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
  const { wishes } = words.path;
  const pinned: Path = self.pinned === "mcu" ? "auto" : self.pinned;
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
      <Item icon="devices" text={words.more.devices} onClick={act(onDevices)} />
      <Item icon="activity" text={words.more.statistics} onClick={act(onStats)} />
      <div class="more-settings">
        <Segments<Path>
          label={words.path.wishLabel}
          value={pinned}
          options={[["auto", wishes.auto], ["sfu", wishes.sfu], ["p2p", wishes.p2p]]}
          onChoose={(path) => room.setPath(path).catch((error: unknown) => failed(words, error))}
        />
        <p class="quiet hint">{words.path.wishHint}</p>
        <ThemeSegments />
        <LanguageSwitch kind="field" />
      </div>
      <p class="quiet hint more-keys">{words.more.shortcuts}</p>
    </div>
  );
}

function Item({ icon, text, onClick }: { icon: IconName; text: string; onClick: () => void }) {
  return (
    <button type="button" class="more-item" onClick={onClick}>
      <Icon name={icon} />
      <span>{text}</span>
    </button>
  );
}
