// Where each remote track is shown from. Whatever changes (the room, the page's
// view, slots, the direct connection), update() derives everything anew: the
// path of each track, the view that the server is told, what is heard, and
// what the other end of the direct connection is told.

import { Events } from "../protocol/events";
import type { Path, SlotState, SlotStatus, View } from "../protocol/messages";
import type { AudioOutputs } from "./audio-outputs";
import type { DirectLink } from "./direct-link";
import { FlowWatch } from "./flow-watch";
import { isSendOrigin, sendOrigins, kindOf } from "./origins";
import { choosePath, type Candidate } from "./path-choice";
import type { ProgramEntry, ProgramTrackEntry } from "./program";
import type { ReceivedTrackEntry, Source } from "./received-track";
import type { RemoteTrackEntry } from "./remote-track";
import type { Roster } from "./roster";
import type { ServerPeer, Slot } from "./server-peer";
import { assignSlots, type Wish } from "./slot-map";
import type { LivePath, PathSwitch } from "./types";
import { ViewSender } from "./view-sender";

/** The events of a Reception. */
export interface ReceptionEvents {
  trackSubscribed: [track: RemoteTrackEntry];
  trackUnsubscribed: [track: RemoteTrackEntry];
  trackStatusChanged: [track: RemoteTrackEntry];
  trackPathChanged: [change: PathSwitch];
  /** The program's picture or sound came, went or changed its status. */
  programChanged: [program: ProgramEntry];
  /** Whether anybody needs what is sent to the server. */
  upIdle: [idle: boolean];
  /** More tracks are wanted than there are slots. */
  slotsMissing: [count: number];
}

/** What a Reception looks at. */
export interface ReceptionOptions {
  roster: Roster;
  link: DirectLink;
  outputs: AudioOutputs;
  server(): ServerPeer | null;
  /** The path that the room has decided on for oneself. */
  path(): Path;
  send(view: View): Promise<unknown>;
}

/** Sizes are told in steps of this many pixels, so that small moves are no news. */
const sizeStep = 16;
/** Milliseconds for which the program's picture stays when it is left, should another not come. */
const patience = 4000;
/** What a slot says of a track that it can't show, however long one waits. */
const hopeless: ReadonlySet<SlotStatus> = new Set(["unsupported", "gone"]);

/** A way by which a track comes, and the media. */
type Way = Candidate & { media: MediaStreamTrack };

/** Decides where remote tracks are shown from, and asks for them. */
export class Reception extends Events<ReceptionEvents> {
  private readonly flows = new FlowWatch(() => this.update());
  private readonly view: ViewSender;
  private wishes: readonly Wish[] = [];
  private assigned: ReadonlyMap<string, Wish> = new Map();
  private states = new Map<string, SlotState>();
  /** Runs while the program's picture is about to be left. */
  private leaving: ReturnType<typeof setTimeout> | undefined;
  /** It has been about to be left for too long. */
  private late = false;
  private wasIdle = false;
  private updating = false;
  private stale = false;

  constructor(private readonly options: ReceptionOptions) {
    super();
    this.view = new ViewSender((view) => options.send(view));
    options.link.on("changed", () => this.update());
  }

  /** What the page shows. */
  setWishes(wishes: readonly Wish[]): void {
    this.wishes = wishes;
    this.update();
  }

  /** What the server says about slots; those left out are as before. */
  setSlots(states: readonly SlotState[]): void {
    for (const state of states) {
      this.states.set(state.slot, state);
      const slot = this.options.server()?.slots.find(({ mid }) => mid === state.slot);
      // What flowed in it before is no proof of what comes next.
      if (slot && state.status !== "live") this.flows.forget(slot.receiver);
    }
    this.update();
  }

  /** The server has forgotten the view. forgetSlots: its slots are new ones. */
  reset(forgetSlots: boolean): void {
    if (forgetSlots) {
      this.states.clear();
      this.flows.clear();
      this.assigned = new Map();
    }
    this.view.reset();
    this.update();
  }

  /** Whether every unmuted track of the member flows on the direct connection. */
  directFlows(member: string): boolean {
    return this.tracksOf(member).every((track) => this.directCandidate(track)?.flowing ?? !isSendOrigin(track.origin));
  }

  /** Whether anything that is not muted is shown from the direct connection. */
  directInUse(): boolean {
    return this.options.roster.tracks.some((track) => track.path === "p2p" && !track.muted);
  }

  /** Whether the tracks sent to the server are needed by nobody, since everybody receives directly. */
  get upIdle(): boolean {
    const { link, roster } = this.options;
    // Who watches the mix of two that talk directly needs what they send.
    const others = roster.participants.every((participant) => participant.path === "p2p");
    return this.preferred === "p2p" && others && link.peer?.peerPath === "p2p";
  }

  /** The slot that shows a track, for statistics. */
  slotOf(track: string): { slot: Slot; state: SlotState } | undefined {
    for (const slot of this.options.server()?.slots ?? []) {
      const state = this.states.get(slot.mid);
      if (state?.track === track) return { slot, state };
    }
    return undefined;
  }

  /** Derives everything anew. Calls from its own events are taken up at its end. */
  update(): void {
    this.stale = true;
    if (this.updating) return;
    this.updating = true;
    while (this.stale) {
      this.stale = false;
      this.derive();
    }
    this.updating = false;
  }

  /** Stops all work. */
  close(): void {
    clearTimeout(this.leaving);
    this.flows.clear();
    this.view.close();
  }

  private derive(): void {
    const { roster, link: { peer } } = this.options;
    const { program } = roster;
    this.updateProgram(program);
    for (const track of roster.tracks) this.updateTrack(track);
    this.updateOutputs();
    this.updateView();
    if (peer) {
      const viaServer = [program.video.path, program.audio.path].includes("mcu") || this.tracksOf(peer.member).some((t) => t.path === "sfu");
      const direct = this.preferred === "p2p" && !viaServer;
      peer.setPath(direct ? "p2p" : "sfu");
    }
    if (this.wasIdle !== this.upIdle) this.emit("upIdle", (this.wasIdle = this.upIdle));
  }

  private get preferred(): LivePath {
    const { link } = this.options;
    if (this.mixes) return "mcu";
    const direct = this.options.path() === "p2p" && link.peer !== null && !link.stopping && !link.suspect;
    return direct ? "p2p" : "sfu";
  }

  /** Whether the program's picture is decided on, wished for, and to be had. */
  private get mixes(): boolean {
    const { id } = this.options.roster.program.video;
    const status = this.slotOf(id)?.state.status ?? "empty";
    return this.options.path() === "mcu" && this.wishes.some(({ track }) => track === id) && !hopeless.has(status);
  }

  private tracksOf(member: string): readonly RemoteTrackEntry[] {
    return this.options.roster.tracks.filter((track) => track.participant.id === member);
  }

  /** The program's picture takes the place of all others at once; its sound is heard while a slot carries it. */
  private updateProgram(program: ProgramEntry): void {
    const { video, audio } = program;
    const { tracks } = this.options.roster;
    this.watchLeaving(video.path !== null && !this.mixes);
    // Its last picture stands until another is there, even if it has ended.
    const mcu = this.slotCandidate(video, true) ?? this.lastOf(video);
    const tiles = tracks.some((t) => t.kind === "video" && t.path !== null);
    const to = mcu && choosePath({
      preferred: this.mixes ? "mcu" : "sfu",
      current: video.path ?? (tiles ? "sfu" : null),
      candidates: { mcu, sfu: { flowing: this.late || this.tilesFlow, usable: true } },
    });
    const direct = tracks.some((t) => t.kind === "audio" && t.path === "p2p" && !t.muted);
    const sound = this.slotCandidate(audio, true);
    const heard = audio.path !== null || !direct || sound?.flowing;
    const news = [this.setProgramTrack(video, mcu, to === "mcu"), this.setProgramTrack(audio, sound, heard ?? false)];
    if (news.includes(true)) this.emit("programChanged", program);
  }

  /** What is left of a track that is shown and has ended, for as long as nothing else uses its slot. */
  private lastOf({ id, path, mediaStreamTrack: media }: ReceivedTrackEntry): Way | undefined {
    if (path === null || !media) return undefined;
    const slot = this.options.server()?.slots.find(({ receiver }) => receiver.track === media);
    const track = slot && this.states.get(slot.mid)?.track;
    return slot && (!track || track === id) ? { media, flowing: false, usable: false } : undefined;
  }

  /** Returns whether anything is new. */
  private setProgramTrack(track: ProgramTrackEntry, way: Way | undefined, shown: boolean): boolean {
    const status = this.slotOf(track.id)?.state.status ?? "empty";
    const path = way && shown ? "mcu" : null;
    const media = way?.media ?? null;
    if (track.path === path && track.mediaStreamTrack === media && track.status === status) return false;
    track.setSource(media && { path, media });
    track.status = status;
    return true;
  }

  private watchLeaving(leaving: boolean): void {
    if (leaving) {
      this.leaving ??= setTimeout(() => {
        this.late = true;
        this.update();
      }, patience);
      return;
    }
    clearTimeout(this.leaving);
    this.leaving = undefined;
    this.late = false;
  }

  /** Whether each picture that the page would show instead of the program's is there, or known not to come. */
  private get tilesFlow(): boolean {
    return this.wishes.every((wish) => {
      const track = this.options.roster.track(wish.track);
      if (!track || track.muted) return true;
      const status = this.slotOf(track.id)?.state.status;
      if (status && (hopeless.has(status) || status === "paused")) return true;
      const direct = this.preferred === "p2p" ? this.directCandidate(track) : undefined;
      return (direct ?? this.slotCandidate(track, true))?.flowing ?? false;
    });
  }

  private updateTrack(track: RemoteTrackEntry): void {
    const { program } = this.options.roster;
    const mixed = track.kind === "audio" ? program.audio.path !== null : this.mixes && program.video.path !== null;
    // Watched meanwhile, so that it is known to flow when the program goes.
    const direct = this.directCandidate(track);
    const p2p = mixed ? undefined : direct;
    // A slot is watched while it may come to be used, and anew each time.
    const sfu = mixed ? undefined : this.slotCandidate(track, this.preferred !== "p2p" || !p2p);
    const from = track.path;
    const to = choosePath({ preferred: this.preferred, current: from, candidates: { ...(p2p && { p2p }), ...(sfu && { sfu }) } });
    const chosen = to === "p2p" ? p2p : to === "sfu" ? sfu : undefined;
    const had = track.mediaStreamTrack;
    const source: Source | null = to && chosen ? { path: to, media: chosen.media } : null;
    if (from !== to || had !== (source?.media ?? null)) track.setSource(source);
    this.updateStatus(track, to);
    if (!had && source) this.emit("trackSubscribed", track);
    if (had && !source) this.emit("trackUnsubscribed", track);
    if (from !== to) this.emit("trackPathChanged", { track, from, to, at: performance.now() });
  }

  private updateStatus(track: RemoteTrackEntry, path: LivePath | null): void {
    const slot = this.slotOf(track.id)?.state.status ?? "empty";
    const status = path === "p2p" ? (track.muted ? "muted" : "live") : slot;
    if (track.status === status) return;
    track.status = status;
    this.emit("trackStatusChanged", track);
  }

  private directCandidate(track: RemoteTrackEntry): Way | undefined {
    const { peer } = this.options.link;
    if (!peer?.isOpen || peer.member !== track.participant.id || !isSendOrigin(track.origin)) return undefined;
    const receiver = peer.receiver(track.origin);
    if (!receiver) return undefined;
    // Nothing comes of a muted track, so nothing need be waited for.
    return { media: receiver.track, flowing: track.muted || this.flows.flows(receiver, track.id), usable: false };
  }

  private slotCandidate(track: ReceivedTrackEntry, watch: boolean): Way | undefined {
    const found = this.slotOf(track.id);
    if (!found) return undefined;
    const { slot: { receiver }, state: { status } } = found;
    if (status === "empty" || hopeless.has(status)) return undefined;
    const live = status === "live";
    if (!live || !watch) this.flows.forget(receiver);
    const flowing = status === "muted" || (live && watch && this.flows.flows(receiver, track.id));
    return { media: receiver.track, flowing, usable: live };
  }

  /** All audio plays all the time; heard is what the tracks are shown from. */
  private updateOutputs(): void {
    const audible = new Map<MediaStreamTrack, boolean>();
    for (const slot of this.options.server()?.slots ?? []) {
      if (slot.kind === "audio") audible.set(slot.receiver.track, false);
    }
    for (const origin of sendOrigins.filter((o) => kindOf(o) === "audio")) {
      const receiver = this.options.link.peer?.receiver(origin);
      if (receiver) audible.set(receiver.track, false);
    }
    for (const track of this.options.roster.tracks) {
      if (track.kind === "audio" && track.mediaStreamTrack) audible.set(track.mediaStreamTrack, true);
    }
    const { audio: mix } = this.options.roster.program;
    if (mix.mediaStreamTrack && mix.path) audible.set(mix.mediaStreamTrack, true);
    this.options.outputs.set(audible);
  }

  private updateView(): void {
    const server = this.options.server();
    if (!server) return;
    const slots = server.slots.filter((slot) => slot.kind === "video").map((slot) => slot.mid);
    if (slots.length === 0) return;
    const program = this.options.roster.program.video.id;
    // The program first: it may be all that the line carries.
    const wishes = this.wishes.filter((wish) => this.wantsSlot(wish)).sort((a, b) => Number(b.track === program) - Number(a.track === program));
    const { bySlot, missing } = assignSlots(slots, this.assigned, wishes);
    this.assigned = bySlot;
    if (missing > 0) this.emit("slotsMissing", missing);
    const audio = this.options.roster.tracks.filter((track) => track.kind === "audio");
    const quiet = this.preferred === "p2p" && audio.every((track) => track.path === "p2p");
    this.view.set({
      slots: [...bySlot].map(([slot, wish]) => ({
        slot,
        track: wish.track,
        width: Math.ceil(wish.width / sizeStep) * sizeStep,
        height: Math.ceil(wish.height / sizeStep) * sizeStep,
      })),
      ...(quiet && { quiet }),
    });
  }

  /** Whether the server must send the track: not once it comes directly, but until then. */
  private wantsSlot(wish: Wish): boolean {
    const { roster } = this.options;
    const { video } = roster.program;
    if (wish.track === video.id) return this.options.path() === "mcu" || video.path !== null;
    const track = roster.track(wish.track);
    if (!track) return false;
    // Until the program's picture is there, what is shown is needed on, and in time where it comes directly.
    const needed = track.path === "sfu" || (track.path === "p2p" && this.options.link.stopping);
    if (this.mixes) return video.path === null && needed;
    return this.preferred !== "p2p" || track.path === "sfu" || !this.directCandidate(track);
  }
}
