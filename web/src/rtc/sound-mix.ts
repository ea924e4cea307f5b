// What one hears, and one's own voice, as one track.

import type { AudioOutputs } from "./audio-outputs";
import type { LocalParticipant } from "./types";

interface Input {
  source: MediaStreamAudioSourceNode;
  gain: GainNode;
}

/** Mixes sound until it is closed. sync() takes up what changed. */
export class SoundMix {
  private readonly context = new AudioContext();
  private readonly destination = this.context.createMediaStreamDestination();
  private readonly inputs = new Map<MediaStreamTrack, Input>();
  private readonly off: () => void;

  /** outputs: what one hears, null for nothing; local: whose voice is mixed in, null for nobody's. */
  constructor(
    private readonly outputs: AudioOutputs | null,
    private readonly local: LocalParticipant | null,
  ) {
    this.off = outputs?.on("changed", () => this.sync()) ?? (() => undefined);
    void this.context.resume();
    this.sync();
  }

  /** The mix. */
  get track(): MediaStreamTrack {
    const [track] = this.destination.stream.getAudioTracks();
    if (!track) throw new TypeError("This browser can't mix sound.");
    return track;
  }

  /** Takes up what changed. */
  sync(): void {
    const wanted = new Map<MediaStreamTrack, boolean>();
    for (const { track, audible } of this.outputs?.all ?? []) wanted.set(track, audible);
    for (const track of this.local?.tracks ?? []) {
      const media = track.mediaStreamTrack;
      if (track.kind === "audio" && media) wanted.set(media, !track.muted);
    }
    for (const [track, input] of this.inputs) {
      if (wanted.has(track)) continue;
      input.source.disconnect();
      this.inputs.delete(track);
    }
    for (const [track, audible] of wanted) {
      const input = this.inputs.get(track) ?? this.add(track);
      input.gain.gain.value = audible ? 1 : 0;
    }
  }

  /** Ends the mix. */
  close(): void {
    this.off();
    void this.context.close();
  }

  private add(track: MediaStreamTrack): Input {
    const source = this.context.createMediaStreamSource(new MediaStream([track]));
    const gain = this.context.createGain();
    source.connect(gain).connect(this.destination);
    const input = { source, gain };
    this.inputs.set(track, input);
    return input;
  }
}
