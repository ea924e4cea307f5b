// The bar: what one does most, always in the same place.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import { canShareScreen } from "../../rtc";
import { Icon } from "../icons";
import { clockText, useSecondsSince } from "../parts/clock";
import { Round } from "../parts/round";
import { useRenderOn, useRoom } from "../parts/use-room";
import { MicrophoneLevel } from "./microphone-level";
import { useActions } from "./use-actions";
import { useIdle } from "./use-idle";

/** What opens beside the stage. */
export type PanelName = "chat" | "people" | "stats" | "mix";

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
export function Bar(props: BarProps) {
  const { stays, children, moreOpen, onMore, onLeave } = props;
  const { bar } = useWords();
  const element = useRef<HTMLElement>(null);
  const idle = useIdle(() => stays || (element.current?.matches(":hover, :focus-within") ?? false));
  const away = idle && !stays;
  return (
    <div class="dock">
      {children}
      <section ref={element} class={`bar ${away ? "bar-away" : ""}`} aria-label={bar.label} onClickCapture={swallowFirstTap(away)}>
        <OwnButtons />
        <span class="bar-gap" />
        <RoomButtons {...props} />
        <Round icon="more" label={bar.more} look={moreOpen ? "pressed" : undefined} open={moreOpen} testId="more-button" onClick={onMore} />
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

/** What one shows of oneself. */
function OwnButtons() {
  const { bar } = useWords();
  const room = useRoom();
  useRenderOn(room, "changed");
  const actions = useActions();
  const self = room.localParticipant;
  const { isMicrophoneEnabled: mic, isCameraEnabled: camera, isScreenShareEnabled: screen, hand } = self;
  const raise = (
    <Round
      icon="hand" label={hand ? bar.lowerHand : bar.raiseHand} shortcut="H"
      look={hand ? "active" : undefined} on={hand} wide={!self.viewer} testId="hand-button" onClick={actions.hand}
    />
  );
  // Who watches has nothing to show.
  if (self.viewer) return raise;
  return (
    <>
      <Round
        icon={mic ? "microphone" : "microphone-off"} label={mic ? bar.mute : bar.unmute} shortcut="M"
        look={mic ? undefined : "off"} on={mic} testId="mic-button" onClick={actions.microphone}
      >
        <MicrophoneLevel track={mic ? (self.track("microphone")?.mediaStreamTrack ?? null) : null} />
      </Round>
      <Round
        icon={camera ? "camera" : "camera-off"} label={camera ? bar.cameraOff : bar.cameraOn} shortcut="V"
        look={camera ? undefined : "off"} on={camera} testId="camera-button" onClick={actions.camera}
      />
      {canShareScreen() && (
        <Round
          icon={screen ? "screen-off" : "screen"} label={screen ? bar.stopSharing : bar.share}
          look={screen ? "active" : undefined} on={screen} wide testId="screen-button" onClick={actions.screen}
        />
      )}
      {raise}
    </>
  );
}

/** What one sees of the room, and keeps of it. */
function RoomButtons({ panel, unread, recording, onPanel, onRecord }: BarProps) {
  const { bar, record, mix } = useWords();
  const room = useRoom();
  useRenderOn(room, "changed");
  const time = clockText(useSecondsSince(recording));
  const count = room.participants.length + 1;
  const look = (name: PanelName) => (panel === name ? "pressed" : undefined);
  return (
    <>
      <Round
        icon="chat" label={unread > 0 ? `${bar.chat} (${bar.unread(unread)})` : bar.chat} tip={bar.chat} shortcut="C"
        look={look("chat")} open={panel === "chat"} testId="chat-button" onClick={() => onPanel("chat")}
      >
        {unread > 0 && <span class="count">{Math.min(unread, 99)}</span>}
      </Round>
      <Round
        icon="people" label={`${bar.people} (${count})`} tip={bar.people} shortcut="P"
        look={look("people")} open={panel === "people"} testId="people-button" onClick={() => onPanel("people")}
      >
        <span class="count count-quiet">{count}</span>
      </Round>
      {room.localParticipant.role === "host" && room.program.state !== "off" && (
        <Round
          icon="layout" label={mix.title} look={panel === "mix" ? "pressed" : undefined} open={panel === "mix"} wide
          testId="mix-button" onClick={() => onPanel("mix")}
        />
      )}
      <Round
        icon={recording ? "stop" : "record"} label={recording ? `${bar.stopRecording} (${record.running(time)})` : bar.record}
        tip={recording ? bar.stopRecording : bar.record} look={recording ? "recording" : undefined} on={recording !== null} wide
        testId="record-button" onClick={onRecord}
      >
        {recording && <span class="timer">{time}</span>}
      </Round>
    </>
  );
}
