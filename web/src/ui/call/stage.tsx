// The stage: everybody's tiles and screens, or the program's one picture of all.

import { useRef, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import type { RemoteTrack } from "../../rtc";
import { IconButton } from "../parts/controls";
import { uprightPhone, useMedia } from "../parts/use-media";
import { useRenderOn, useRoom } from "../parts/use-room";
import { remember, usePreferences } from "../preferences";
import { InviteTile } from "./invite-tile";
import { everybody, screensOf, showsProgram } from "./people";
import { cornerPlace, pageOf, pageSize, placeTiles, programPlace, shapes, type Rect, type Stage as Size } from "./places";
import { ProgramTile } from "./program-tile";
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

const nowhere: Rect = { x: 0, y: 0, width: 0, height: 0 };

/** Lays the tiles out, page by page if there are many, and tells the room what is shown. */
export function Stage() {
  const room = useRoom();
  useRenderOn(room, "changed", "stats");
  const element = useRef<HTMLDivElement>(null);
  const size = useSize(element);
  const [wished, setWished] = useState(0);
  const mixed = showsProgram(room);
  const { page, pages } = pageOf(everybody(room).length, wished);
  const paged = pages > 1 && !mixed;
  return (
    <div class={`stage ${paged ? "stage-paged" : ""}`}>
      <div class="tiles" ref={element}>
        {size.width > 0 && <Tiles size={size} page={page} mixed={mixed} />}
      </div>
      {paged && <Pager page={page} pages={pages} onPage={setWished} />}
    </div>
  );
}

/** What stands on the stage. The program covers the tiles, which are there while they are about to take its place. */
function Tiles({ size, page, mixed }: { size: Size; page: number; mixed: boolean }) {
  const room = useRoom();
  const steady = useWindowMoved();
  const shape = useMedia(uprightPhone) ? shapes.phone : shapes.wide;
  const { selfView } = usePreferences();
  const { localParticipant: self, program } = room;

  const all = everybody(room);
  const people = all.slice(page * pageSize, (page + 1) * pageSize);
  const screens = screensOf(room);
  const alone = room.participants.length === 0 && !self.viewer;
  const [first] = screens;
  const screenShape = first && first.width > 0 && first.height > 0 ? first.width / first.height : undefined;
  const places = placeTiles(size, people.length + (alone ? 1 : 0), screens.length, shape, screenShape);
  const place = (i: number) => places.people[i] ?? nowhere;
  const whole = programPlace(size, program.width, program.height);

  // All that could be shown: the room takes the program or the others, as its path is.
  const shown: Shown[] = [{ track: program.video, width: whole.width, height: whole.height }];
  const show = (track: RemoteTrack | undefined, { width, height }: Rect): void => {
    if (track && !track.muted && width > 0) shown.push({ track, width, height });
  };
  screens.forEach((track, i) => show(track, places.screens[i] ?? nowhere));
  people.forEach((person, i) => show(room.participants.find((p) => p === person)?.track("camera"), place(i)));
  useView(room, shown);

  const others = !mixed || self.path !== "mcu";
  const inCorner = mixed && selfView && self.isCameraEnabled;
  const hide = (): void => remember({ selfView: false });
  return (
    <>
      {others && screens.map((track, i) => (
        <ScreenTile key={track.id} track={track} place={places.screens[i] ?? nowhere} people={all.length} steady={steady} />
      ))}
      {others && people.map((person, i) => person !== self && (
        <Tile key={person.id} person={person} place={place(i)} people={all.length} steady={steady} />
      ))}
      {!mixed && alone && <InviteTile place={place(1)} steady={steady} />}
      {!mixed && all.length === 0 && <Nobody />}
      {(mixed || program.video.mediaStreamTrack) && <ProgramTile key="program" place={whole} people={all.length} shown={mixed} />}
      {people.includes(self) && (!mixed || inCorner) && (
        <Tile
          key="self" person={self} place={mixed ? cornerPlace(size) : place(people.indexOf(self))} people={all.length}
          steady={steady} onHide={mixed ? hide : undefined}
        />
      )}
      {mixed && !selfView && self.isCameraEnabled && <ShowSelf />}
    </>
  );
}

/** Brings one's own picture back into its corner. */
function ShowSelf() {
  const { program } = useWords();
  return (
    <IconButton icon="person" label={program.showSelf} class="show-self" testId="show-self" onClick={() => remember({ selfView: true })} />
  );
}

/** What a viewer sees before anybody is on the stage. */
function Nobody() {
  const { program } = useWords();
  return (
    <div class="stage-empty" data-testid="stage-empty">
      <h2>{program.emptyTitle}</h2>
      <p>{program.emptyText}</p>
    </div>
  );
}

function Pager({ page, pages, onPage }: { page: number; pages: number; onPage: (page: number) => void }) {
  const { tile } = useWords();
  return (
    <nav class="pager">
      <IconButton icon="left" label={tile.previous} disabled={page === 0} onClick={() => onPage(page - 1)} />
      <span>{tile.page(page + 1, pages)}</span>
      <IconButton icon="right" label={tile.next} disabled={page === pages - 1} onClick={() => onPage(page + 1)} />
    </nav>
  );
}
