// webrtc-adapter, for browsers that lack a part of W3C WebRTC which is used here.

/** Loads the adapter where it is needed. Call it before the first connection. */
export async function loadAdapter(): Promise<void> {
  const complete =
    "connectionState" in RTCPeerConnection.prototype &&
    "restartIce" in RTCPeerConnection.prototype &&
    "getStats" in RTCRtpReceiver.prototype;
  if (!complete) await import("webrtc-adapter");
}

/** Whether this browser knows WebRTC at all. */
export function supportsCalls(): boolean {
  return typeof RTCPeerConnection !== "undefined";
}
