// How a host changes the program.

import type { Layout, ProgramSettings, Room } from "../rtc";
import type { LayoutChoice } from "./panels/layout-picker";

/** Asks for something else in the program's settings, with all the rest as it is. Rejects with RtcError. */
export function changeProgram(room: Room, change: Partial<ProgramSettings>, layout?: LayoutChoice): Promise<void> {
  const { layout: old, ...rest } = room.settings.program ?? {};
  const next: Layout | undefined = layout === undefined ? old : layout === "auto" ? undefined : layout;
  return room.updateSettings({ program: { ...rest, ...change, ...(next && { layout: next }) } });
}
