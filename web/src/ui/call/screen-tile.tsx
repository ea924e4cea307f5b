// A screen that somebody shares.

import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import type { RemoteTrack } from "../../rtc";
import { Icon } from "../icons";
import { Picture } from "../parts/picture";
import { useRoom } from "../parts/use-room";
import { PathBadge } from "./path-badge";
import { qualityOf } from "./path-words";
import type { Rect } from "./places";
import { placeStyle } from "./tile";
import { useFlip } from "./use-flip";

/** The whole picture, nothing cut off. */
export function ScreenTile({ track, place, people, steady }: { track: RemoteTrack; place: Rect; people: number; steady: boolean }) {
  const { tile } = useWords();
  const room = useRoom();
  const element = useRef<HTMLElement>(null);
  useFlip(element, place, steady);
  const { name } = track.participant;
  return (
    <article
      ref={element} class="tile tile-screen" style={placeStyle(place)} aria-label={tile.screenOf(name)}
      data-testid="screen-tile" data-member={track.participant.id} data-path={track.path ?? ""}
    >
      {track.mediaStreamTrack ? <Picture track={track} fit="contain" /> : <p class="tile-wait">{tile.waiting}</p>}
      <span class="plate">
        <Icon name="screen" class="icon-tiny" />
        <span class="plate-name">{tile.screenOf(name)}</span>
      </span>
      <PathBadge
        path={track.path} reason={room.localParticipant.reason} name={name} people={people} over={room.connection?.kind ?? null}
        quality={qualityOf(track.stats)}
      />
    </article>
  );
}
