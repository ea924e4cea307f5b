import { expect, test } from "vitest";
import { exampleScene, parseScene } from "./scene";

test("a scene is what JSON says; what is no JSON is told in the parser's words", () => {
  expect(parseScene(JSON.stringify(exampleScene))).toEqual({ scene: exampleScene });
  expect(parseScene("{")).toMatchObject({ fault: expect.stringMatching(/JSON|end|property/i) as unknown });
  expect(parseScene("[]")).toHaveProperty("fault");
  expect(parseScene("null")).toHaveProperty("fault");
});

test("the example lies within the canvas, as the server wants it", () => {
  for (const { x, y, width, height } of exampleScene.tiles) {
    expect(x + width).toBeLessThanOrEqual(1);
    expect(y + height).toBeLessThanOrEqual(1);
  }
});
