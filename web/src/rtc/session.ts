// One stay in a room, from joining to leaving: joins what the server says with
// the connections, and passes on what the page should hear.

import { Signal } from "../protocol/signal";
import { SignalError, TopicChat, TopicFile, type Event, type Layers, type Member, type Welcome } from "../protocol/messages";
import { applyEvent, emptyRoom, fromSnapshot, type RoomState } from "../protocol/room-state";
import type { AudioOutputs } from "./audio-outputs";
import { ConnectionWatch } from "./connection-watch";
import { DataHub } from "./data-hub";
import { DirectLink } from "./direct-link";
import { Files } from "./files";
import { withoutRelays } from "./ice-servers";
import type { LocalParticipantEntry } from "./local-participant";
import { onNetworkChange, onPageGone } from "./network-watch";
import { LoadWatch } from "./load-watch";
import { isSendOrigin, kindOf, sendOrigins } from "./origins";
import { Publications } from "./publications";
import { Reception } from "./reception";
import { Roster } from "./roster";
import { ServerLink } from "./server-link";
import { StatsSampler } from "./stats-sampler";
import { RtcError, type ConnectOptions, type RoomEvents, type RoomOptions, type SendOrigin } from "./types";

/** What a Session shares with the room that it is a stay in. */
export interface SessionContext {
  options: Required<RoomOptions>;
  local: LocalParticipantEntry;
  outputs: AudioOutputs;
  emit<K extends keyof RoomEvents>(event: K, ...args: RoomEvents[K]): void;
  /** The stay is over, and not by leave(). */
  ended(error: RtcError): void;
}

/** Made for one connect() and closed for good by leave(). */
export class Session {
  readonly signal: Signal;
  readonly roster: Roster;
  readonly link: DirectLink;
  readonly reception: Reception;
  readonly server: ServerLink;
  readonly connection: ConnectionWatch;
  readonly hub = new DataHub();
  readonly files: Files;
  readonly sampler: StatsSampler;
  private readonly load: LoadWatch;
  state: RoomState = emptyRoom;
  welcome: Welcome | null = null;
  private readonly publications: Publications;
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly context: SessionContext,
    url: string,
    { room, name, token, viewer = false }: ConnectOptions,
  ) {
    const { local, outputs, emit, options } = context;
    const signal = (this.signal = new Signal({
      url,
      // Who comes back after a rename comes back with the new name.
      join: () => ({ room, name: this.self?.name ?? name, direct: options.direct, ...(viewer && { viewer }), ...(token !== undefined && { token }) }),
    }));
    this.roster = new Roster(local);
    this.link = new DirectLink({
      // Two browsers that can't meet are forwarded by the server, never relayed.
      iceServers: () => withoutRelays(this.iceServers),
      track: (origin) => local.track(origin)?.sending ?? null,
      send: (message) => signal.request("direct", message),
      report: (id, state) => void signal.request("direct_state", { session: id, state }).catch(() => undefined),
      mediaExpected: (id) => this.roster.tracks.some((t) => t.participant.id === id && !t.muted && isSendOrigin(t.origin)),
      mediaFlows: (id) => this.reception.directFlows(id),
      inUse: () => this.reception.directInUse(),
    });
    this.server = new ServerLink(options.slots, {
      offer: (sdp) => signal.request("offer", { sdp }),
      iceServers: () => this.iceServers,
    });
    this.connection = new ConnectionWatch({
      stats: async () => ((await this.server.peer?.pc.getStats())?.values() ?? []) as Iterable<Record<string, unknown>>,
      report: (report) => void signal.request("report", report).catch(() => undefined),
    });
    this.reception = new Reception({
      roster: this.roster,
      link: this.link,
      outputs,
      server: () => this.server.peer,
      path: () => local.path,
      send: async (view) => this.reception.setSlots((await signal.request("view", view)).slots),
    });
    this.publications = new Publications({
      track: (origin) => local.track(origin),
      mid: (origin) => this.server.mid(origin),
      publish: (message) => signal.request("publish", message),
      unpublish: (track) => signal.request("unpublish", { track }),
      mute: (track, muted) => signal.request("mute", { track, muted }),
      published: (track) => emit("localTrackPublished", track),
      unpublished: (track) => emit("localTrackUnpublished", track),
    });
    this.files = new Files(this.hub, () => this.welcome?.limits.data_bytes ?? 0, (file) => emit("fileOffered", file));
    this.sampler = new StatsSampler({
      server: () => this.server.peer,
      direct: () => this.link.peer,
      roster: this.roster,
      reception: this.reception,
      localTracks: () => local.tracks,
    });
    this.load = new LoadWatch({
      reports: () => this.reports(),
      onProgram: () => local.path === "mcu",
      tell: (load) => void signal.request("load", load).catch(() => undefined),
    });
    this.listenToSignal();
    this.listenToMedia();
    this.passOn();
    // Who closes the page has left, and the others need not wait to see it.
    this.endings.push(onNetworkChange(() => this.networkChanged()), onPageGone(() => this.leave()));
  }

  /** What the room says of oneself. */
  get self(): Member | undefined {
    return this.state.members.get(this.welcome?.member ?? "");
  }

  private get iceServers(): RTCIceServer[] {
    return this.welcome?.ice_servers ?? [];
  }

  /** What one's own track of this origin sends has changed. */
  async localChanged(origin: SendOrigin): Promise<void> {
    this.sendTrack(origin);
    this.context.emit("changed");
    await this.publications.sync(origin);
  }

  /** Writes to the chat: by the data channel if it is open. */
  async sendChat(text: string, to: string | undefined): Promise<void> {
    const address = to === undefined ? {} : { to };
    if (this.hub.isOpen) await this.hub.send(new TextEncoder().encode(text), { topic: TopicChat, ...address });
    else await this.signal.request("say", { text, ...address });
  }

  /** Leaves and ends all connections. Idempotent. */
  leave(): void {
    this.files.close();
    this.signal.leave();
    for (const end of this.endings.splice(0)) end();
    this.link.close();
    this.load.close();
    this.reception.close();
    this.server.close();
    this.connection.close();
    this.hub.close();
    this.publications.reset();
    this.roster.clear();
    this.context.outputs.set(new Map());
  }

  /** The statistics of all connections. */
  private async reports(): Promise<Readonly<Record<string, unknown>>[]> {
    const reports = await Promise.all([this.server.peer, this.link.peer].map((peer) => peer?.pc.getStats()));
    return reports.flatMap((report) => [...((report?.values() ?? []) as Iterable<Record<string, unknown>>)]);
  }

  private listenToSignal(): void {
    const { signal, reception, roster, context } = this;
    signal.on("welcome", (welcome) => this.welcomed(welcome));
    signal.on("event", (event) => this.happened(event));
    signal.on("waiting", (attempt, delay) => context.emit("reconnecting", attempt, delay));
    signal.on("closed", (code, text) => code !== "left" && context.ended(new RtcError(code, text)));
    signal.on("refused", (error) => context.emit("error", new RtcError(error.code, error.message)));
    signal.on("slots", ({ slots }) => reception.setSlots(slots));
    signal.on("speakers", ({ speakers }) => roster.setSpeakers(speakers));
    signal.on("layers", (layers) => this.setLayers(layers));
    signal.on("direct_start", (start) => this.link.start(start));
    signal.on("direct_stop", (stop) => this.link.stop(stop));
    signal.on("direct", (message) => this.link.handle(message));
    signal.on("muted_by_host", ({ track, member }) => this.mutedByHost(track, member));
  }

  private listenToMedia(): void {
    const { server, reception, hub, files, context } = this;
    server.on("peer", (peer) => {
      this.connection.begin();
      hub.setPeer(peer);
      for (const origin of sendOrigins) this.sendTrack(origin);
      this.pauseUp(reception.upIdle);
      reception.reset(true);
    });
    server.on("slots", () => {
      this.publications.syncAll((error) => this.fail(error));
      reception.update();
    });
    server.on("state", (state) => {
      // What the media suffer from may have broken the socket as well.
      if (state === "disconnected") this.signal.wake();
      this.connection.stateChanged(state);
      context.emit("mediaStateChanged", state);
    });
    server.on("refused", (refused) => {
      for (const { mid, code, text } of refused) context.emit("error", new RtcError(code, `m-line ${mid}: ${text}`));
    });
    server.on("error", (error) => this.fail(error));
    reception.on("slotsMissing", (count) => server.addVideoSlots(count));
    reception.on("upIdle", (idle) => this.pauseUp(idle));
    hub.on("message", (message) => {
      if (message.topic === TopicFile) files.receive(message);
      else context.emit("dataReceived", message);
    });
  }

  private passOn(): void {
    const { roster, reception, link } = this;
    const { emit } = this.context;
    this.connection.on("changed", (connection) => connection && emit("connectionChanged", connection));
    for (const event of [
      "participantJoined", "participantLeft", "participantChanged", "trackPublished", "trackUnpublished",
      "trackChanged", "programChanged", "activeSpeakers",
    ] as const) roster.on(event, (...args) => emit(event, ...(args as never)));
    for (const event of ["trackSubscribed", "trackUnsubscribed", "trackStatusChanged", "trackPathChanged", "programChanged"] as const) {
      reception.on(event, (...args) => emit(event, ...(args as never)));
    }
    roster.on("participantLeft", ({ id }) => this.files.left(id));
    const trace = (what: string, detail: Record<string, unknown>): void => emit("trace", { at: performance.now(), what, detail });
    link.on("trace", trace);
    reception.on("trackPathChanged", ({ track, from, to }) => trace("track-path", { track: track.id, from, to }));
    reception.on("programChanged", ({ video, audio }) => trace("program-path", { video: video.path, audio: audio.path }));
    reception.on("upIdle", (idle) => trace("up-idle", { idle }));
  }

  private welcomed(welcome: Welcome): void {
    const first = this.welcome === null;
    this.welcome = welcome;
    if (welcome.room) this.setState(fromSnapshot(welcome.room));
    if (welcome.resumed) {
      this.publications.syncAll((error) => this.fail(error));
      this.reception.reset(false);
      this.server.check();
    } else {
      // A new membership: nothing of the old one is known to the server.
      this.publications.reset();
      this.link.close();
      this.server.renew();
    }
    if (!first) this.context.emit("reconnected", welcome.resumed);
  }

  private happened(event: Event): void {
    this.setState(applyEvent(this.state, event), event);
    const { emit } = this.context;
    if (event.kind === "chat" && event.chat) emit("chat", event.chat);
    if (event.kind === "settings") emit("settingsChanged", this.state.settings);
    if (event.kind === "track_changed" && event.track?.muted) this.mutedThere(event.track.id);
  }

  private setState(state: RoomState, event?: Event): void {
    const { local, emit } = this.context;
    const { path, reason } = local;
    this.state = state;
    this.roster.update(state, this.welcome?.member ?? "", event?.cause);
    if (local.path !== path) {
      // What nobody received may be wanted again; the server will say what is not.
      this.server.setActive(null);
    }
    this.reception.update();
    if (local.path !== path || local.reason !== reason) emit("pathChanged", local.path, local.reason);
    emit("changed");
  }

  private setLayers({ track, active }: Layers): void {
    const entry = this.context.local.tracks.find((t) => t.id === track);
    if (entry && kindOf(entry.origin) === "video") this.server.peer?.uplinks.get(entry.origin)?.setActive(active);
  }

  private sendTrack(origin: SendOrigin): void {
    const track = this.context.local.track(origin)?.sending ?? null;
    this.server.peer?.uplinks.get(origin)?.setTrack(track);
    this.link.peer?.setTrack(origin, track);
  }

  private pauseUp(paused: boolean): void {
    for (const uplink of this.server.peer?.uplinks.values() ?? []) uplink.setPaused(paused);
  }

  /** The room says that one's own track is muted, which is a host's doing or one's own. */
  private mutedThere(id: string): void {
    const track = this.publications.mutedThere(id);
    if (!track) return;
    this.context.local.mutedByHost(track);
    this.sendTrack(track.origin);
  }

  private mutedByHost(id: string, host: string): void {
    this.mutedThere(id);
    const track = this.context.local.tracks.find((t) => t.id === id);
    if (track) this.context.emit("mutedByHost", track, this.roster.participant(host));
  }

  private networkChanged(): void {
    this.context.emit("trace", { at: performance.now(), what: "network-changed", detail: {} });
    this.signal.wake();
    this.server.peer?.restart();
  }

  private fail(error: unknown): void {
    // What the reconnect does again is no news.
    if (error instanceof SignalError && error.code === "not_connected") return;
    this.context.emit("error", toRtcError(error));
  }
}

/** Any fault as an RtcError. */
export function toRtcError(error: unknown): RtcError {
  if (error instanceof RtcError) return error;
  if (error instanceof SignalError) return new RtcError(error.code, error.message);
  return new RtcError("device_failed", String(error));
}
