import { expect, test } from "vitest";
import { withoutStrayFormats } from "./codecs";

test("attributes of formats that an m-line does not list are left out", () => {
  const lines = [
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 109",
    "a=rtpmap:109 opus/48000/2",
    "a=fmtp:109 useinbandfec=1",
    "m=video 0 UDP/TLS/RTP/SAVPF 120 124",
    "a=rtcp-fb:120 nack",
    "a=rtcp-fb:123 nack", // ULPFEC, as Firefox leaves it
    "a=fmtp:124 apt=120",
    "a=rtpmap:109 opus/48000/2", // listed by another m-line
    "a=rtpmap:120 VP8/90000",
    "a=rtcp-fb:* transport-cc",
    "a=ssrc:123 cname:x",
    "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
    "a=sctp-port:5000",
    "",
  ];
  const stray = ["a=rtcp-fb:123 nack"];
  const kept = lines.filter((line, i) => !stray.includes(line) && !(i === 8 && line.startsWith("a=rtpmap:109")));
  expect(withoutStrayFormats(lines.join("\r\n"))).toBe(kept.join("\r\n"));
});
