import { expect, test } from "vitest";
import { StatsReader } from "./stats-reader";

const transport = { id: "T", type: "transport", selectedCandidatePairId: "P" };
const pair = {
  id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R",
  currentRoundTripTime: 0.02, availableOutgoingBitrate: 900_000,
};
const local = { id: "L", type: "local-candidate", candidateType: "host", protocol: "udp" };
const remote = { id: "R", type: "remote-candidate", candidateType: "srflx", protocol: "udp" };
const codec = { id: "C", type: "codec", mimeType: "video/VP8" };

test("rates are those since the last sample", () => {
  const reader = new StatsReader("sfu");
  const inbound = (bytes: number, packets: number, lost: number, frames: number): Record<string, unknown> => ({
    id: "I", type: "inbound-rtp", mid: "7", codecId: "C", frameWidth: 640, frameHeight: 360, jitter: 0.004,
    bytesReceived: bytes, packetsReceived: packets, packetsLost: lost, framesDecoded: frames, totalFreezesDuration: 0.25,
  });
  reader.read([codec, inbound(1000, 10, 5, 3)], 1000);
  const { streams } = reader.read([codec, inbound(126_000, 100, 15, 63)], 3000);
  expect(streams).toEqual([{
    mid: "7", direction: "down", path: "sfu", codec: "VP8", bitrate: 500_000, loss: 0.1, jitter: 4, rtt: 0,
    width: 640, height: 360, frameRate: 30, frozen: 250, rid: "",
  }]);
});

test("the first sample has no rates yet", () => {
  const { streams } = new StatsReader("p2p").read([{ id: "I", type: "inbound-rtp", mid: "0", bytesReceived: 5000 }], 1000);
  expect(streams[0]).toMatchObject({ bitrate: 0, loss: 0, frameRate: 0 });
});

test("simulcast streams of one m-line are one track", () => {
  const reader = new StatsReader("sfu");
  const up = (rid: string, size: number, bytes: number): Record<string, unknown> => ({
    id: rid, type: "outbound-rtp", mid: "1", rid, frameWidth: size, frameHeight: size, bytesSent: bytes, remoteId: `remote-${rid}`,
  });
  const heard = { id: "remote-q", type: "remote-inbound-rtp", fractionLost: 0.05, roundTripTime: 0.03 };
  reader.read([up("q", 180, 0), up("h", 360, 0), up("f", 720, 0)], 0);
  const { streams } = reader.read([heard, up("q", 180, 1000), up("h", 360, 4000), up("f", 720, 0)], 1000);
  // The largest stream is paused, so the size is that of the next.
  expect(streams).toMatchObject([{ rid: "h", width: 360, bitrate: 40_000, loss: 0.05 }]);
});

test("the connection in use is found, also where there is no transport", () => {
  const expected = { path: "p2p", rtt: 20, availableUp: 900_000, local: "host/udp", remote: "srflx/udp" };
  expect(new StatsReader("p2p").read([transport, pair, local, remote], 0).connection).toEqual(expected);
  expect(new StatsReader("p2p").read([{ ...pair, selected: true }, local, remote], 0).connection).toEqual(expected);
  expect(new StatsReader("p2p").read([], 0).connection).toMatchObject({ rtt: 0, local: "" });
});
