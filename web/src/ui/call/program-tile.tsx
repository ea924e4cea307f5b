// The program on the stage: everybody in one picture.

import { useWords } from "../../i18n";
import { Icon } from "../icons";
import { Picture } from "../parts/picture";
import { useRoom } from "../parts/use-room";
import { PathBadge } from "./path-badge";
import { qualityOf } from "./path-words";
import { forwarded, isMuted, leftOut } from "./people";
import type { Rect } from "./places";
import { placeStyle } from "./tile";

interface ProgramTileProps {
  place: Rect;
  /** How many people are here, not counting those who only watch. */
  people: number;
  /** Else it is made ready: it plays, but is not seen. */
  shown: boolean;
}

/** The whole picture. The server has written the names into it, but where it passes one on as it is. */
export function ProgramTile({ place, people, shown }: ProgramTileProps) {
  const { program: words } = useWords();
  const room = useRoom();
  const { video } = room.program;
  const names = leftOut(room);
  const only = forwarded(room);
  const status = video.status === "paused" ? words.paused : video.status === "muted" ? words.dark : words.waiting;
  const playing = video.mediaStreamTrack !== null && video.status === "live";
  return (
    <div class={`program ${shown ? "" : "program-unseen"}`} aria-hidden={!shown}>
      <article
        class="tile tile-program" style={placeStyle(place)} aria-label={words.label}
        data-testid="program-tile" data-path={video.path ?? ""} data-status={video.status} data-shown={shown}
      >
        {video.mediaStreamTrack && <Picture track={video} fit="contain" />}
        {!playing && <p class="program-note">{status}</p>}
        {only && (
          <span class="plate">
            {isMuted(only) && <Icon name="microphone-off" class="icon-tiny plate-off" />}
            <span class="plate-name">{only.name}</span>
          </span>
        )}
        {names.length > 0 && (
          <span class="plate plate-wide">
            <Icon name="alert" class="icon-tiny" />
            <span class="plate-name">{words.leftOut(names.join(", "))}</span>
          </span>
        )}
        <PathBadge
          path={video.path} reason={room.localParticipant.reason} name="" people={people} over={room.connection?.kind ?? null}
          quality={qualityOf(video.stats)}
        />
      </article>
    </div>
  );
}
