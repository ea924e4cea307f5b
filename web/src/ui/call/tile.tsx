// One person on the stage.

import { useRef } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Participant, RemoteTrack, SlotStatus, Track } from "../../rtc";
import { Icon } from "../icons";
import { Avatar } from "../parts/avatar";
import { IconButton } from "../parts/controls";
import { Picture } from "../parts/picture";
import { useRoom } from "../parts/use-room";
import { tracksOf } from "./people";
import { PathBadge } from "./path-badge";
import { qualityOf } from "./path-words";
import type { Rect } from "./places";
import { useFlip } from "./use-flip";

/** The place of a tile, for its style attribute. */
export function placeStyle({ x, y, width, height }: Rect): Record<string, string> {
  return { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
}

interface TileProps {
  person: Participant;
  place: Rect;
  /** How many people are here, not counting those who only watch. */
  people: number;
  steady: boolean;
  /** Takes the tile from the stage, where that can be. */
  onHide?: (() => void) | undefined;
}

/** The picture or the initials, the name, and what there is to know. */
export function Tile({ person, place, people, steady, onHide }: TileProps) {
  const words = useWords();
  const room = useRoom();
  const element = useRef<HTMLElement>(null);
  useFlip(element, place, steady);
  const camera = tracksOf(person).find((t) => t.origin === "camera");
  const voice = tracksOf(person).find((t) => t.origin === "microphone");
  const muted = !voice || voice.muted;
  const showing = camera && !camera.muted && camera.mediaStreamTrack !== null ? camera : undefined;
  const name = person.isLocal ? words.tile.self(person.name) : person.name;
  const self = room.localParticipant;
  // What comes of the other; one's own tile tells one's own path.
  const live = person.isLocal ? ownPath(person) : ((camera as RemoteTrack | undefined)?.path ?? (voice as RemoteTrack | undefined)?.path ?? null);
  const partner = person.isLocal ? (room.participants.find((p) => !p.viewer)?.name ?? "") : person.name;
  return (
    <article
      ref={element}
      class={`tile ${person.isSpeaking ? "tile-speaking" : ""} ${onHide ? "tile-corner" : ""}`}
      style={{ ...placeStyle(place), "--level": person.audioLevel.toFixed(2) }}
      aria-label={[name, muted && words.tile.muted, person.hand && words.tile.hand].filter(Boolean).join(", ")}
      data-testid={person.isLocal ? "self-tile" : "tile"}
      data-member={person.id}
      data-path={live ?? ""}
      data-speaking={person.isSpeaking}
      data-muted={muted}
      data-camera={showing ? "on" : "off"}
    >
      {showing && <Picture track={showing} mirrored={person.isLocal} />}
      {!showing && <Empty name={person.name} camera={camera} away={person.away} />}
      {person.hand && <span class="tile-hand"><Icon name="hand" /></span>}
      <span class="plate">
        {muted && <Icon name="microphone-off" class="icon-tiny plate-off" />}
        <span class="plate-name">{onHide ? words.you : name}</span>
      </span>
      {onHide && <IconButton icon="hide" label={words.program.hideSelf} class="tile-hide" testId="hide-self" onClick={onHide} />}
      {room.participants.length > 0 && !onHide && (
        <PathBadge
          path={live} reason={self.reason} name={partner} people={people} over={room.connection?.kind ?? null}
          quality={qualityOf((showing ?? voice)?.stats ?? null)}
        />
      )}
    </article>
  );
}

function ownPath({ path }: Participant): "p2p" | "sfu" {
  return path === "p2p" ? "p2p" : "sfu";
}

/** Initials, and why there is no picture if there should be one. */
function Empty({ name, camera, away }: { name: string; camera: Track | undefined; away: boolean }) {
  const { tile } = useWords();
  const status: SlotStatus | null = camera && !camera.muted && "status" in camera ? (camera as RemoteTrack).status : null;
  const why = away ? tile.away
    : status === "unsupported" ? tile.unsupported
    : status === "paused" ? tile.paused
    : status === "waiting" ? tile.waiting
    : null;
  return (
    <div class="tile-empty">
      <Avatar name={name} size="large" />
      {why && <p>{why}</p>}
    </div>
  );
}
