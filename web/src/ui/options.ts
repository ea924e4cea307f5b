// What a room's address may wish for besides the room: ?viewer, ?path=mcu,
// ?layout=speaker. Pure.

import type { Path } from "../rtc";
import { layoutChoices, type LayoutChoice } from "./panels/layout-picker";

/** The wishes; null for none. */
export interface RoomWishes {
  /** One only watches, and no device is asked for. */
  viewer: boolean;
  /** The path that one wishes for oneself. */
  path: Path | null;
  /** How the program's picture is divided, if one is the host. */
  layout: LayoutChoice | null;
}

const paths: readonly Path[] = ["auto", "p2p", "sfu", "mcu"];

/** Reads the query of an address; what means nothing is no wish. */
export function roomWishes(search: string): RoomWishes {
  const query = new URLSearchParams(search);
  const layout = query.get("layout")?.toLowerCase().replaceAll("-", "_");
  return {
    viewer: query.has("viewer") && query.get("viewer") !== "0",
    path: paths.find((path) => path === query.get("path")) ?? null,
    // A scene does not fit into an address.
    layout: layoutChoices.find((choice) => choice === layout && choice !== "scene") ?? null,
  };
}
