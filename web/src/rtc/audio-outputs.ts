// The sound of the call. Every receiver of audio plays in an element of its
// own all the time, so that which of them is heard changes without a gap.

import { Events } from "../protocol/events";

/** The events of AudioOutputs. */
export interface AudioOutputsEvents {
  /** The browser allows or forbids sound. */
  allowed: [allowed: boolean];
  /** What is heard changed. */
  changed: [];
}

/** One source of sound. */
export interface AudioOutput {
  readonly track: MediaStreamTrack;
  readonly audible: boolean;
}

interface Output extends AudioOutput {
  audible: boolean;
  element: HTMLAudioElement;
}

/** All sound that one hears. */
export class AudioOutputs extends Events<AudioOutputsEvents> {
  /** Whether the browser lets sound play, as far as is known. */
  allowed = true;
  private readonly outputs = new Map<MediaStreamTrack, Output>();
  private speaker = "";

  /** What plays now. */
  get all(): readonly AudioOutput[] {
    return [...this.outputs.values()];
  }

  /** Plays exactly these tracks; those that map to false are silent but ready. */
  set(wanted: ReadonlyMap<MediaStreamTrack, boolean>): void {
    let changed = false;
    for (const [track, audible] of wanted) {
      const output = this.outputs.get(track) ?? this.add(track);
      if (output.audible === audible) continue;
      output.audible = audible;
      output.element.muted = !audible;
      // A browser that forbids sound pauses an element that is unmuted.
      if (audible) void this.play(output);
      changed = true;
    }
    for (const [track, output] of this.outputs) {
      if (wanted.has(track)) continue;
      output.element.srcObject = null;
      this.outputs.delete(track);
      changed = true;
    }
    if (changed) this.emit("changed");
  }

  /** Tries to play what the browser held back. */
  async start(): Promise<void> {
    await Promise.all([...this.outputs.values()].map((output) => this.play(output)));
  }

  /** Plays through another speaker, "" for the system's choice. */
  async setSpeaker(deviceId: string): Promise<void> {
    this.speaker = deviceId;
    await Promise.all([...this.outputs.values()].map(({ element }) => setSink(element, deviceId)));
  }

  private add(track: MediaStreamTrack): Output {
    const element = new Audio();
    element.autoplay = true;
    element.muted = true;
    element.srcObject = new MediaStream([track]);
    const output: Output = { track, audible: false, element };
    this.outputs.set(track, output);
    if (this.speaker) setSink(element, this.speaker).catch(() => undefined);
    void this.play(output);
    return output;
  }

  private async play(output: Output): Promise<void> {
    try {
      await output.element.play();
      if (output.audible) this.setAllowed(true);
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.setAllowed(false);
    }
  }

  private setAllowed(allowed: boolean): void {
    if (this.allowed === allowed) return;
    this.allowed = allowed;
    this.emit("allowed", allowed);
  }
}

async function setSink(element: HTMLMediaElement, deviceId: string): Promise<void> {
  if ("setSinkId" in element) await element.setSinkId(deviceId);
}
