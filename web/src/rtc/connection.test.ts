import { expect, test, vi } from "vitest";
import type { Report } from "../protocol/messages";
import { causeOf, connectionOf, readSelected } from "./connection";
import { ConnectionWatch } from "./connection-watch";
import { isRelay, withoutRelays } from "./ice-servers";

type Fields = Record<string, unknown>;

const transport = { id: "T", type: "transport", selectedCandidatePairId: "P" };
const pair = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" };
const remote = { id: "R", type: "remote-candidate", candidateType: "host", protocol: "udp", address: "192.0.2.1", port: 8080 };
const report = (local: Fields): Fields[] => [transport, pair, { id: "L", type: "local-candidate", ...local }, remote];

const kind = (local: Fields): string => {
  const selected = readSelected(report(local));
  return selected ? connectionOf(selected).kind : "none";
};

test("a connection is called after its own candidate", () => {
  expect(kind({ candidateType: "host", protocol: "udp" })).toBe("udp");
  expect(kind({ candidateType: "prflx", protocol: "tcp" })).toBe("tcp");
  expect(kind({ candidateType: "relay", protocol: "udp", relayProtocol: "tls" })).toBe("turn-tls");
  expect(kind({ candidateType: "relay", protocol: "udp", relayProtocol: "tcp" })).toBe("turn-tcp");
  expect(kind({ candidateType: "relay", protocol: "udp" })).toBe("turn-udp");
  expect(readSelected([transport, remote])).toBeNull();
});

test("it tells where the server is, and what the server counts", () => {
  const selected = readSelected(report({ candidateType: "host", protocol: "tcp" }));
  expect(selected && connectionOf(selected)).toEqual({ kind: "tcp", address: "192.0.2.1", port: 8080 });
  expect(causeOf("tcp")).toBe("tcp_fallback");
  expect(causeOf("udp")).toBe("ok");
});

test("direct connections are never relayed", () => {
  const servers = [
    { urls: ["stun:a:3478"] },
    { urls: ["turn:a:3478?transport=udp", "turns:a:443?transport=tcp"], username: "u", credential: "c" },
    { urls: ["stun:b:3478", "turn:b:3478"], username: "u", credential: "c" },
  ];
  expect(withoutRelays(servers)).toEqual([{ urls: ["stun:a:3478"] }, { urls: ["stun:b:3478"] }]);
  expect(servers.map(isRelay)).toEqual([false, true, true]);
});

test("each way is reported once, and an outage after ten seconds", async () => {
  vi.useFakeTimers();
  let protocol = "udp";
  const said: Report[] = [];
  const watch = new ConnectionWatch({
    stats: async () => report({ candidateType: "host", protocol }),
    report: (one) => said.push(one),
  });
  const ways: (string | undefined)[] = [];
  watch.on("changed", (connection) => ways.push(connection?.kind));
  watch.begin();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(said).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual([{ cause: "media_unreachable" }]);
  watch.stateChanged("connected");
  await watch.look();
  await watch.look();
  protocol = "tcp";
  watch.stateChanged("disconnected");
  watch.stateChanged("connected");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(said.map((r) => r.cause)).toEqual(["media_unreachable", "ok", "tcp_fallback"]);
  expect(ways).toEqual(["udp", "tcp"]);
  watch.close();
  vi.useRealTimers();
});
