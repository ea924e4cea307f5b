import { describe, expect, it } from "vitest";
import list from "../../../api/causes.json";
import type { CauseInfo, DoctorInfo } from "../protocol/messages";
import { candidatesIn, isPrivate, keepCandidates, mappingOf, parseCandidate, splitHostPort, type Candidate } from "./candidates";
import { explain, gravest, isCommand, pieces } from "./causes";
import { relayBy } from "./checks-media";
import { figuresOf } from "./figures";
import { isSilent } from "./gather";
import { fine, found, severityIn, skipped, verdictOf, type CheckName, type Outcome } from "./outcome";
import { reportText } from "./report";

const udp = "a=candidate:1 1 udp 2130706431 192.0.2.1 8080 typ host";
const tcp = "a=candidate:2 1 tcp 1671430143 192.0.2.1 8080 typ host tcptype passive";

describe("candidates", () => {
  it("are read from browsers and descriptions", () => {
    expect(parseCandidate("candidate:3 1 UDP 1677729535 203.0.113.7 40001 typ srflx raddr 10.0.0.2 rport 5000 generation 0")).toEqual({
      type: "srflx", protocol: "udp", address: "203.0.113.7", port: 40001, relatedAddress: "10.0.0.2", relatedPort: 5000,
    });
    expect(parseCandidate("candidate:nonsense")).toBeNull();
    expect(parseCandidate("")).toBeNull();
  });

  it("are held to one way", () => {
    const sdp = ["v=0", "a=ice-lite", udp, tcp, "a=end-of-candidates", ""].join("\r\n");
    expect(candidatesIn(sdp)).toHaveLength(2);
    expect(keepCandidates(sdp, (c) => c.protocol === "tcp")).toBe(["v=0", "a=ice-lite", tcp, "a=end-of-candidates", ""].join("\r\n"));
  });

  const mapped = (port: number, base = 5000): Candidate => ({
    type: "srflx", protocol: "udp", address: "203.0.113.7", port, relatedAddress: "10.0.0.2", relatedPort: base,
  });

  it("tell how the router maps, as far as one can know", () => {
    expect(mappingOf([], 2)).toEqual({ kind: "unseen" });
    expect(mappingOf([mapped(40001)], 1)).toEqual({ kind: "unknown", address: "203.0.113.7" });
    expect(mappingOf([mapped(40001)], 2)).toEqual({ kind: "same", address: "203.0.113.7" });
    expect(mappingOf([mapped(40001), mapped(40002)], 2)).toEqual({ kind: "different", address: "203.0.113.7" });
    // Two sockets have two ports.
    expect(mappingOf([mapped(40001, 5000), mapped(40002, 5001)], 2)).toEqual({ kind: "same", address: "203.0.113.7" });
  });

  it("show whether STUN answers, with a router between or none", () => {
    const host = (port: number): Candidate => ({ type: "host", protocol: "udp", address: "10.0.0.2", port, relatedAddress: "", relatedPort: 0 });
    const error = (port: number) => ({ url: "stun:a:1", code: 701, text: "", port });
    expect(isSilent({ candidates: [host(5000), mapped(40001)], errors: [error(5001)], complete: false })).toBe(false);
    expect(isSilent({ candidates: [host(5000), host(5001)], errors: [error(5001)], complete: true })).toBe(false);
    expect(isSilent({ candidates: [host(5000), host(5001)], errors: [error(5000), error(5001)], complete: true })).toBe(true);
    expect(isSilent({ candidates: [host(5000)], errors: [], complete: false })).toBe(true);
  });

  it("may be of this network only", () => {
    for (const address of ["10.1.2.3", "172.20.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "fd00::1", "fe80::1", "::1"]) {
      expect(isPrivate(address), address).toBe(true);
    }
    for (const address of ["172.32.0.1", "203.0.113.7", "100.128.0.1", "2001:db8::1"]) expect(isPrivate(address), address).toBe(false);
    expect(splitHostPort("[2001:db8::1]:443")).toEqual({ host: "2001:db8::1", port: 443 });
    expect(splitHostPort("192.0.2.1:8080")).toEqual({ host: "192.0.2.1", port: 8080 });
  });
});

describe("causes", () => {
  it("have their words filled in, in both languages", () => {
    const finding = { cause: "udp_blocked", params: { port: "443" } } as const;
    expect(explain(finding, "en").title).toBe("UDP does not get through to port 443.");
    expect(explain(finding, "zh").fix).toContain("`sudo ufw allow 443/udp`");
    for (const { code, en, zh } of list as CauseInfo[]) expect([code, en.title, zh.title]).not.toContain("");
  });

  it("of a newer server go by their code", () => {
    expect(explain({ cause: "of_tomorrow" as never }, "en")).toEqual({ severity: "warn", title: "of_tomorrow", why: "", fix: "" });
  });

  it("have commands that can be copied", () => {
    const parts = pieces("Open it: `sudo ufw allow 443/udp`, or use `--public-ip`.");
    expect(parts.filter(isCommand).map((p) => p.text)).toEqual(["sudo ufw allow 443/udp"]);
    expect(parts.map((p) => p.text).join("")).toBe("Open it: sudo ufw allow 443/udp, or use --public-ip.");
  });

  it("are as bad as the gravest of them", () => {
    expect(gravest([])).toBe("ok");
    expect(gravest(["warn", "fail", "ok"])).toBe("fail");
  });
});

it("finds loss and the median of delay", () => {
  expect(figuresOf(4, [30, 10, 20])).toEqual({ sent: 4, loss: 0.25, delay: 20 });
  expect(figuresOf(4, [])).toEqual({ sent: 4, loss: 1, delay: 0 });
});

it("asks one relay by one transport", () => {
  const credentials = { username: "u", credential: "c" };
  const servers = [{ urls: ["stun:a:1"] }, { urls: ["turn:a:1?transport=udp", "turn:a:1?transport=tcp"], ...credentials }];
  expect(relayBy("udp", servers)).toEqual({ urls: "turn:a:1?transport=udp", ...credentials });
  expect(relayBy("tcp", servers)).toEqual({ urls: "turn:a:1?transport=tcp", ...credentials });
  expect(relayBy("tls", servers)).toBeNull();
});

describe("the verdict", () => {
  const info = { server: { host: "calls.example", port: 443 } } as DoctorInfo;
  const carries: Outcome = { ...fine(), figures: { sent: 50, loss: 0, delay: 5 } };
  const blocked = found("udp_blocked", { port: "443" });
  const verdict = (outcomes: Partial<Record<CheckName, Outcome>>): string =>
    verdictOf(new Map(Object.entries(outcomes) as [CheckName, Outcome][]), info).cause;

  it("is the best way that carries", () => {
    expect(verdict({ udp: carries, tcp: carries })).toBe("ok");
    expect(verdict({ udp: blocked, tcp: carries, "turn-tls": carries })).toBe("tcp_fallback");
    expect(verdict({ udp: blocked, tcp: found("port_closed_tcp"), "turn-tls": carries })).toBe("turn_tls_fallback");
  });

  it("is what bars all ways", () => {
    expect(verdict({ udp: blocked, tcp: found("port_closed_tcp") })).toBe("media_unreachable");
    expect(verdict({ udp: blocked, addresses: found("advertised_private") })).toBe("media_unreachable");
    expect(verdict({ signalling: found("signalling_failed"), udp: carries })).toBe("signalling_failed");
    expect(verdict({ secure: found("not_secure_context"), udp: carries })).toBe("not_secure_context");
  });

  it("is not changed by what was left out", () => {
    expect(severityIn(skipped("no-tls"))).toBe("ok");
    expect(verdict({ udp: carries, "turn-tls": skipped("no-tls"), camera: found("camera_missing") })).toBe("ok");
  });
});

it("reports all of it in lines that can be sent", () => {
  const names = { udp: "UDP", "turn-tls": "Relay inside TLS", tcp: "TCP" } as Record<CheckName, string>;
  const text = reportText({
    verdict: { cause: "ok" },
    outcomes: new Map<CheckName, Outcome>([
      ["udp", { ...fine("host/udp"), figures: { sent: 50, loss: 0.02, delay: 4.25 } }],
      ["tcp", found("delay_high", { delay: "400", path: "tcp" })],
      ["turn-tls", skipped("no-tls")],
    ]),
    language: "en", names, page: "https://calls.example/doctor", browser: "Browser/1", at: new Date(0),
  });
  expect(text.split("\n")).toEqual([
    "tutti doctor, 1970-01-01T00:00:00.000Z", "https://calls.example/doctor", "Browser/1", "",
    "= Calls work here. [ok]", "",
    "ok: UDP", "  4.3 ms, 2 % / 50", "  · host/udp",
    "warn: TCP", "  A packet takes 400 ms there and back (tcp). [delay_high]",
    "skip (no-tls): Relay inside TLS",
  ]);
});
