import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DataHub } from "./data-hub";
import type { FileReceiver } from "./file-incoming";
import { decodeFile, encodeChunk, encodeFileMessage, windowChunks, type FileMessage } from "./file-wire";
import { Files } from "./files";

/** Two pages and the server's relay between them. */
class Relay {
  readonly offers: FileReceiver[] = [];
  /** Chunks sent and not yet handed over. */
  inFlight = 0;
  most = 0;
  /** Whether this chunk is lost on its way. */
  lose: (index: number) => boolean = () => false;
  readonly wei = this.page("wei", () => this.li);
  readonly li = this.page("li", () => this.wei);

  private page(name: string, other: () => Files): Files {
    const hub = {
      send: async (payload: Uint8Array) => {
        const message = decodeFile(payload);
        const chunk = message !== null && "bytes" in message;
        if (chunk && this.lose(message.index)) return;
        if (chunk) this.most = Math.max(this.most, ++this.inFlight);
        setTimeout(() => {
          if (chunk) this.inFlight--;
          other().receive({ from: name, topic: "file", payload, reliable: true });
        }, 20);
      },
    };
    return new Files(hub as unknown as DataHub, () => 64 * 1024, (file) => this.offers.push(file));
  }
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function testFile(size: number): File {
  return new File([new Uint8Array(size).map((_, i) => (i * 31) % 251)], "score.pdf", { type: "application/pdf" });
}

async function offer(relay: Relay, file: File): Promise<FileReceiver> {
  relay.wei.send(file, "");
  await vi.advanceTimersByTimeAsync(50);
  return relay.offers[0]!;
}

test("a file arrives as it was, in windows", async () => {
  const relay = new Relay();
  const file = testFile(5_000_001);
  const incoming = await offer(relay, file);
  expect(incoming).toMatchObject({ name: "score.pdf", size: 5_000_001, type: "application/pdf", from: "wei", state: "offered" });
  const accepted = incoming.accept();
  await vi.advanceTimersByTimeAsync(60_000);
  const received = await accepted;
  expect(await received.arrayBuffer()).toEqual(await file.arrayBuffer());
  expect(received.name).toBe("score.pdf");
  // Half a window may be asked for while the other half is still on its way.
  expect(relay.most).toBeLessThanOrEqual(windowChunks);
});

test("the sender sees how far each receiver is", async () => {
  const relay = new Relay();
  const outgoing = relay.wei.send(testFile(1_000_000), "li");
  await vi.advanceTimersByTimeAsync(50);
  const seen: number[] = [];
  outgoing.onProgress(() => seen.push(outgoing.progress.get("li") ?? -1));
  void relay.offers[0]!.accept();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(1_000_000);
  expect(outgoing.state).toBe("done");
});

test("what the relay loses is asked for again", async () => {
  const relay = new Relay();
  const lost = new Set([3, 4, 30, 61]);
  relay.lose = (index) => lost.delete(index);
  const file = testFile(1_000_000);
  const accepted = (await offer(relay, file)).accept();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await (await accepted).arrayBuffer()).toEqual(await file.arrayBuffer());
});

test("an empty file is a file", async () => {
  const relay = new Relay();
  const incoming = await offer(relay, testFile(0));
  expect((await incoming.accept()).size).toBe(0);
});

test("a sender that is gone fails the transfer, and so does one that takes the file back", async () => {
  const relay = new Relay();
  const first = (await offer(relay, testFile(1_000_000))).accept();
  const failed = expect(first).rejects.toMatchObject({ code: "cancelled" });
  relay.li.left("wei");
  await failed;
  const second = relay.wei.send(testFile(10), "");
  await vi.advanceTimersByTimeAsync(50);
  second.cancel();
  await vi.advanceTimersByTimeAsync(50);
  expect(relay.offers[1]!.state).toBe("failed");
});

test("a relay that loses everything ends in failure, not in waiting", async () => {
  const relay = new Relay();
  relay.lose = () => true;
  const accepted = (await offer(relay, testFile(100_000))).accept();
  const failed = expect(accepted).rejects.toMatchObject({ code: "cancelled" });
  await vi.advanceTimersByTimeAsync(120_000);
  await failed;
});

test("the receiver can stop", async () => {
  const relay = new Relay();
  const incoming = await offer(relay, testFile(1_000_000));
  const accepted = incoming.accept();
  const stopped = expect(accepted).rejects.toMatchObject({ code: "cancelled" });
  await vi.advanceTimersByTimeAsync(100);
  incoming.cancel();
  await stopped;
  await vi.advanceTimersByTimeAsync(1000);
  expect(relay.inFlight).toBe(0);
  expect(incoming.state).toBe("cancelled");
});

test.each<FileMessage>([
  { say: "offer", file: 1, name: "a", size: 2, type: "", chunk: 16384 },
  { say: "want", file: 1, from: 0, upto: 16, again: true },
  { say: "stop", file: 1 },
  { say: "withdraw", file: 1 },
])("$say survives the way there", (message) => {
  expect(decodeFile(encodeFileMessage(message))).toEqual(message);
});

test("a chunk survives the way there, and nonsense is nothing", () => {
  const chunk = { file: 7, index: 70_000, bytes: new Uint8Array([0, 1, 2]) };
  expect(decodeFile(encodeChunk(chunk))).toEqual(chunk);
  const text = (s: string): Uint8Array => new TextEncoder().encode(s);
  for (const bad of ["", "{", "1", "{}", '{"say":"want","file":1,"from":-1,"upto":2}', '{"say":"offer","file":1,"name":"a","type":"","size":1,"chunk":0}']) {
    expect(decodeFile(text(bad))).toBeNull();
  }
  expect(decodeFile(new Uint8Array([0, 1, 2]))).toBeNull();
});
