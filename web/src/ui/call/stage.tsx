// The stage: everybody's tiles, and screens.

import { useRef, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { RemoteTrack } from "../../rtc";
import { IconButton } from "../parts/controls";
import { uprightPhone, useMedia } from "../parts/use-media";
import { useRenderOn, useRoom } from "../parts/use-room";
import { InviteTile } from "./invite-tile";
import { everybody, screensOf } from "./people";
import { pageOf, pageSize, placeTiles, shapes } from "./places";
import { ScreenTile } from "./screen-tile";
import { Tile } from "./tile";
import { useSize } from "./use-size";
import { useView, type Shown } from "./use-view";

/** Whether the page's window has changed its size since the last rendering: then nothing slides. */
function useWindowMoved(): boolean {
  const last = useRef("");
  const now = `${innerWidth}x${innerHeight}`;
  const moved = last.current !== "" && last.current !== now;
  last.current = now;
  return moved;
}

/** Lays the tiles out, page by page if there are many, and tells the room what is shown. */
export function Stage() {
  const room = useRoom();
  const words = useWords();
  useRenderOn(room, "changed", "stats");
  const element = useRef<HTMLDivElement>(null);
  const size = useSize(element);
  const steady = useWindowMoved();
  const shape = useMedia(uprightPhone) ? shapes.phone : shapes.wide;
  const [wished, setWished] = useState(0);

  const all = everybody(room);
  const { page, pages } = pageOf(all.length, wished);
  const people = all.slice(page * pageSize, (page + 1) * pageSize);
  const screens = screensOf(room);
  const alone = all.length === 1;
  const [first] = screens;
  const screenShape = first && first.width > 0 && first.height > 0 ? first.width / first.height : undefined;
  const places = placeTiles(size, people.length + (alone ? 1 : 0), screens.length, shape, screenShape);
  const nowhere = { x: 0, y: 0, width: 0, height: 0 };
  const place = (i: number) => places.people[i] ?? nowhere;

  const shown: Shown[] = [];
  const show = (track: RemoteTrack | undefined, { width, height }: { width: number; height: number }): void => {
    if (track && !track.muted && width > 0) shown.push({ track, width, height });
  };
  screens.forEach((track, i) => show(track, places.screens[i] ?? nowhere));
  people.forEach((person, i) => show(room.participants.find((p) => p === person)?.track("camera"), place(i)));
  useView(room, shown);

  return (
    <div class={`stage ${pages > 1 ? "stage-paged" : ""}`}>
      <div class="tiles" ref={element}>
        {size.width > 0 && screens.map((track, i) => (
          <ScreenTile key={track.id} track={track} place={places.screens[i] ?? nowhere} people={all.length} steady={steady} />
        ))}
        {size.width > 0 && people.map((person, i) => (
          <Tile key={person.id} person={person} place={place(i)} people={all.length} steady={steady} />
        ))}
        {size.width > 0 && alone && <InviteTile place={place(1)} steady={steady} />}
      </div>
      {pages > 1 && (
        <nav class="pager">
          <IconButton icon="left" label={words.tile.previous} disabled={page === 0} onClick={() => setWished(page - 1)} />
          <span>{words.tile.page(page + 1, pages)}</span>
          <IconButton icon="right" label={words.tile.next} disabled={page === pages - 1} onClick={() => setWished(page + 1)} />
        </nav>
      )}
    </div>
  );
}
