// A moving picture of a track.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Track } from "../../rtc";

interface PictureProps {
  track: Track;
  /** Cut to fill, or whole. */
  fit?: "cover" | "contain";
  /** As in a looking-glass, for one's own camera. */
  mirrored?: boolean;
}

/** Shows the track for as long as it is on the page. Sound has a way of its own. */
export function Picture({ track, fit = "cover", mirrored = false }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  useLayoutEffect(() => {
    const element = video.current;
    if (!element) return;
    track.attach(element);
    return () => track.detach(element);
  }, [track]);
  return <video ref={video} class={`picture picture-${fit} ${mirrored ? "mirrored" : ""}`} autoplay playsInline muted disablePictureInPicture />;
}
