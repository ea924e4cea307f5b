// The part of the page that calls need, fetched beside the first page.

import { Lobby } from "./home/lobby";
import { useLazy } from "./parts/use-lazy";

const loading = import("./room-page");

/** A room, as soon as its code is here. */
export function RoomLoader({ name }: { name: string }) {
  const page = useLazy(() => loading);
  return page ? <page.RoomPage name={name} /> : <Lobby>{null}</Lobby>;
}
