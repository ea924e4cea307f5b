// Where the next person will be: the link to send.

import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import { CopyButton } from "../parts/copy";
import { useRoom } from "../parts/use-room";
import { roomPath } from "../route";
import type { Rect } from "./places";
import { placeStyle } from "./tile";
import { useFlip } from "./use-flip";

/** The address that others open. */
export function roomLink(room: string): string {
  return location.origin + roomPath(room);
}

/** The address at which one only watches. */
export function watchLink(room: string): string {
  return `${roomLink(room)}?viewer`;
}

/** Stands beside oneself while nobody else is here. */
export function InviteTile({ place, steady }: { place: Rect; steady: boolean }) {
  const { alone } = useWords();
  const link = roomLink(useRoom().name);
  const element = useRef<HTMLElement>(null);
  useFlip(element, place, steady);
  return (
    <article ref={element} class="tile tile-invite" style={placeStyle(place)} data-testid="alone">
      <h2>{alone.title}</h2>
      <p>{alone.text}</p>
      <input
        class="input link-field" readOnly value={link} aria-label={alone.link} data-testid="room-link"
        onFocus={(event) => event.currentTarget.select()}
      />
      <CopyButton text={link} testId="link-copy">{alone.copy}</CopyButton>
    </article>
  );
}
