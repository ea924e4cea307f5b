import { expect, it } from "vitest";
import { lookOf } from "../look";
import { clockText } from "./clock";
import { hueOf, initials } from "./initials";

it("shortens names as their language does", () => {
  expect(initials("Ada Lovelace")).toBe("AL");
  expect(initials("Wei")).toBe("W");
  expect(initials("jonas erik lindqvist")).toBe("JL");
  expect(initials("王小明")).toBe("小明");
  expect(initials("陈伟")).toBe("陈伟");
  expect(initials("👩‍💻 Kim")).not.toBe("");
  expect(initials("")).toBe("");
});

it("gives a name always the same hue", () => {
  expect(hueOf("Wei")).toBe(hueOf("Wei"));
  expect(hueOf("Wei")).not.toBe(hueOf("Mei"));
  for (const name of ["", "Wei", "王小明"]) expect(hueOf(name)).toBeGreaterThanOrEqual(0);
});

it("reads like a clock", () => {
  expect([0, 65, 600, 3605].map(clockText)).toEqual(["0:00", "1:05", "10:00", "1:00:05"]);
});

it("follows the system in the lobby, is dark on the stage, and does as it is told", () => {
  expect(lookOf("auto", false)).toBeNull();
  expect(lookOf("auto", true)).toBe("dark");
  expect(lookOf("light", true)).toBe("light");
  expect(lookOf("dark", false)).toBe("dark");
});
