import { expect, test } from "vitest";
import { signalAddress } from "./address";
import { decodeData, encodeData } from "./data";

const payload = new Uint8Array([1, 2, 3]);

test("a data message survives the way there", () => {
  const decoded = decodeData(encodeData({ topic: "chat", to: "m1" }, payload));
  expect(decoded?.header).toEqual({ topic: "chat", to: "m1" });
  expect([...decoded!.payload]).toEqual([1, 2, 3]);
});

test("the form is that of Go's api.AppendData", () => {
  const head = '{"topic":"x"}';
  expect([...encodeData({ topic: "x" }, payload)]).toEqual([0, head.length, ...new TextEncoder().encode(head), 1, 2, 3]);
});

test("a header that is too large is refused", () => {
  expect(() => encodeData({ topic: "x".repeat(1025) }, payload)).toThrow(RangeError);
});

test.each([
  ["nothing", []],
  ["one byte", [0]],
  ["a header longer than the message", [0, 9, 123]],
  ["a header above the limit", [255, 255, ...new Array<number>(65535).fill(32)]],
  ["no JSON", [0, 1, 123]],
  ["no object", [0, 1, 49]],
  ["no topic", [0, 2, 123, 125]],
])("%s is not a data message", (_, bytes) => {
  expect(decodeData(new Uint8Array(bytes))).toBeNull();
});

test("the signalling is found from the page's address or a given one", () => {
  expect(signalAddress("", "https://meet.example/r/hall?x#y")).toBe("wss://meet.example/api/ws");
  expect(signalAddress("http://127.0.0.1:8080", "https://else.example")).toBe("ws://127.0.0.1:8080/api/ws");
  expect(signalAddress("wss://meet.example/tutti/", "http://else.example")).toBe("wss://meet.example/tutti/api/ws");
  expect(signalAddress("ws://meet.example/api/ws", "http://else.example")).toBe("ws://meet.example/api/ws");
});
