import { expect, test } from "vitest";
import { roomWishes } from "./options";

test("an address wishes for what it names, and for nothing that it spells wrong", () => {
  expect(roomWishes("")).toEqual({ viewer: false, path: null, layout: null });
  expect(roomWishes("?viewer&path=mcu&layout=side-by-side")).toEqual({ viewer: true, path: "mcu", layout: "side_by_side" });
  expect(roomWishes("?viewer=0&path=fast&layout=circle")).toEqual({ viewer: false, path: null, layout: null });
  expect(roomWishes("?layout=auto&path=auto")).toEqual({ viewer: false, path: "auto", layout: "auto" });
  expect(roomWishes("?layout=scene").layout).toBeNull();
});
