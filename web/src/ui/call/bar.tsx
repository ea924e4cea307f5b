// The bar: what one does most, always in the same place.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import { canShareScreen } from "../../rtc";
import { Icon, type IconName } from "../icons";
import { clockText, useSecondsSince } from "../parts/clock";
import { useRenderOn, useRoom } from "../parts/use-room";
import { MicrophoneIcon } from "./microphone-icon";
import { useActions } from "./use-actions";
import { useIdle } from "./use-idle";

/** What opens beside the stage. */
export type PanelName = "chat" | "people" | "stats";

interface BarProps {
  panel: PanelName | null;
  moreOpen: boolean;
  unread: number;
  /** When the recording began, in Date.now milliseconds, or null. */
  recording: number | null;
  /** The bar must not go now. */
  stays: boolean;
  /** What "more" opens, above the bar. */
  children: ComponentChildren;
  onPanel: (panel: PanelName) => void;
  onMore: () => void;
  onRecord: () => void;
  onLeave: () => void;
}

/** Floats over the stage, and goes when nobody moves. */
export function Bar({ panel, moreOpen, unread, recording, stays, children, onPanel, onMore, onRecord, onLeave }: BarProps) {
  const { bar, record } = useWords();
  const room = useRoom();
  useRenderOn(room, "changed");
  const actions = useActions();
  const element = useRef<HTMLElement>(null);
  const idle = useIdle(() => stays || (element.current?.matches(":hover, :focus-within") ?? false));
  const away = idle && !stays;
  const seconds = useSecondsSince(recording);
  const self = room.localParticipant;
  const { isMicrophoneEnabled: mic, isCameraEnabled: camera, isScreenShareEnabled: screen, hand } = self;
  return (
    <div class="dock">
      {children}
      <section ref={element} class={`bar ${away ? "bar-away" : ""}`} aria-label={bar.label} onClickCapture={swallowFirstTap(away)}>
        <button
          type="button" class={`round ${mic ? "" : "round-off"}`} aria-label={mic ? bar.mute : bar.unmute}
          data-tip={`${mic ? bar.mute : bar.unmute} (M)`} data-testid="mic-button" data-on={mic} onClick={actions.microphone}
        >
          <MicrophoneIcon track={mic ? (self.track("microphone")?.mediaStreamTrack ?? null) : null} on={mic} />
        </button>
        <Round icon={camera ? "camera" : "camera-off"} label={camera ? bar.cameraOff : bar.cameraOn} tipKey="V" off={!camera} on={camera} testId="camera-button" onClick={actions.camera} />
        {canShareScreen() && (
          <Round icon={screen ? "screen-off" : "screen"} label={screen ? bar.stopSharing : bar.share} active={screen} wide on={screen} testId="screen-button" onClick={actions.screen} />
        )}
        <Round icon="hand" label={hand ? bar.lowerHand : bar.raiseHand} tipKey="H" active={hand} wide on={hand} testId="hand-button" onClick={actions.hand} />
        <span class="bar-gap" />
        <Round icon="chat" label={unread > 0 ? `${bar.chat}, ${bar.unread(unread)}` : bar.chat} tipKey="C" pressed={panel === "chat"} testId="chat-button" onClick={() => onPanel("chat")}>
          {unread > 0 && <span class="count">{Math.min(unread, 99)}</span>}
        </Round>
        <Round icon="people" label={bar.people} tipKey="P" pressed={panel === "people"} testId="people-button" onClick={() => onPanel("people")}>
          <span class="count count-quiet">{room.participants.length + 1}</span>
        </Round>
        <button
          type="button" class={`round wide-only ${recording ? "round-recording" : ""}`}
          aria-label={recording ? `${bar.stopRecording}, ${record.running(clockText(seconds))}` : bar.record}
          data-tip={recording ? bar.stopRecording : bar.record} data-testid="record-button" data-on={recording !== null} onClick={onRecord}
        >
          <Icon name={recording ? "stop" : "record"} />
          {recording && <span class="timer">{clockText(seconds)}</span>}
        </button>
        <Round icon="more" label={bar.more} pressed={moreOpen} testId="more-button" onClick={onMore} />
        <button type="button" class="leave" data-testid="leave-button" aria-label={bar.leave} onClick={onLeave}>
          <Icon name="leave" />
          <span>{bar.leave}</span>
        </button>
      </section>
    </div>
  );
}

/** A tap on a bar that is away brings it back and does nothing else. */
function swallowFirstTap(away: boolean) {
  return (event: MouseEvent): void => {
    if (!away || (event instanceof PointerEvent && event.pointerType === "mouse")) return;
    event.stopPropagation();
    event.preventDefault();
  };
}

interface RoundProps {
  icon: IconName;
  label: string;
  tipKey?: string;
  off?: boolean;
  active?: boolean;
  pressed?: boolean;
  on?: boolean;
  /** Has no room on a phone; it is in "more" there. */
  wide?: boolean;
  testId: string;
  children?: ComponentChildren;
  onClick: () => void;
}

function Round({ icon, label, tipKey, off, active, pressed, on, wide, testId, children, onClick }: RoundProps) {
  const look = off ? "round-off" : active ? "round-active" : pressed ? "round-pressed" : "";
  return (
    <button
      type="button" class={`round ${look} ${wide ? "wide-only" : ""}`} aria-label={label} aria-expanded={pressed}
      data-tip={tipKey ? `${label} (${tipKey})` : label} data-testid={testId} data-on={on} onClick={onClick}
    >
      <Icon name={icon} />
      {children}
    </button>
  );
}
