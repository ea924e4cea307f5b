// Which codecs an offer names. Fewer make it several times shorter, and what
// the server does not forward need not be asked for.

const forwarded: ReadonlySet<string> = new Set([
  "audio/opus", "audio/red", "video/vp8", "video/vp9", "video/h264", "video/av1", "video/rtx",
]);

/** The codecs that both this browser and the server know, in the browser's order. */
export function sharedCodecs(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  return codecs.filter((codec) => {
    const type = codec.mimeType.toLowerCase();
    if (!forwarded.has(type)) return false;
    const format = codec.sdpFmtpLine ?? "";
    // Single NAL unit mode can't carry pictures of any size.
    if (type === "video/h264") return /packetization-mode=1/.test(format);
    // Ten-bit and 4:4:4 profiles are not for cameras.
    if (type === "video/vp9") return !/profile-id=[123]/.test(format);
    if (type === "video/av1") return !/profile=[12]/.test(format);
    return true;
  });
}

/** Names the shared codecs in the transceiver's next offer or answer; browsers that can't keep their own. */
export function preferSharedCodecs(transceiver: RTCRtpTransceiver, kind: "audio" | "video"): void {
  const codecs = sharedCodecs(RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []);
  if (codecs.length === 0) return;
  try {
    transceiver.setCodecPreferences(codecs);
  } catch {
    // A longer offer works as well.
  }
}

/**
 * The description without attributes of formats that its m-lines do not list: Firefox leaves
 * those of codecs that were not preferred, and Chromium refuses the whole for it.
 */
export function withoutStrayFormats(sdp: string): string {
  let listed: ReadonlySet<string> | null = null; // null before the first m-line
  const lines = sdp.split("\r\n").filter((line) => {
    if (line.startsWith("m=")) listed = new Set(line.split(" ").slice(3));
    const format = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1];
    return format === undefined || listed === null || listed.has(format);
  });
  return lines.join("\r\n");
}
