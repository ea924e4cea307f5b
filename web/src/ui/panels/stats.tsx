// What flows, in figures.

import { useEffect, useState } from "preact/hooks";
import { languageTags, useLanguage, useWords } from "../../i18n";
import type { Participant, RoomStats, TrackStats } from "../../rtc";
import { tracksOf } from "../call/people";
import { useRoom, useRoomEvent } from "../parts/use-room";
import { Panel } from "./panel";
import { rateText } from "./rate";

/** The panel: the connections, then each person's tracks. */
export function Stats({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const room = useRoom();
  const [stats, setStats] = useState<RoomStats | null>(null);
  useRoomEvent("stats", setStats);
  useEffect(() => {
    room.getStats().then(setStats, () => undefined);
  }, [room]);
  const tag = languageTags[useLanguage()];
  const people: readonly Participant[] = [room.localParticipant, ...room.participants];
  const flowing = people.map((person) => ({ person, tracks: tracksOf(person).filter((t) => t.stats) })).filter(({ tracks }) => tracks.length > 0);
  const program = [room.program.audio, room.program.video].filter((t) => t.stats);
  return (
    <Panel title={words.stats.title} onClose={onClose}>
      <div class="panel-scroll stats" tabIndex={0} role="group" aria-label={words.stats.title}>
        {!stats && <p class="quiet">{words.stats.empty}</p>}
        {stats?.connections.map((connection) => (
          <section key={connection.path}>
            <h3>{words.stats.connection[connection.path]}</h3>
            <dl>
              <Row name={words.stats.rtt} value={`${Math.round(connection.rtt)} ms`} />
              {connection.availableUp > 0 && <Row name={words.stats.available} value={rateText(tag, connection.availableUp)} />}
              {connection.path !== "p2p" && room.connection && <Row name={words.stats.over} value={words.stats.kinds[room.connection.kind]} />}
              <Row name={words.stats.route} value={`${connection.local} → ${connection.remote}`} />
            </dl>
          </section>
        ))}
        {flowing.map(({ person, tracks }) => (
          <section key={person.id}>
            <h3>{person.isLocal ? words.tile.self(person.name) : person.name}</h3>
            {tracks.map((track) => track.stats && <TrackFigures key={track.origin} title={words.stats.origins[track.origin]} stats={track.stats} />)}
          </section>
        ))}
        {program.length > 0 && (
          <section>
            <h3>{words.stats.mixed}</h3>
            {program.map((track) => track.stats && (
              <TrackFigures key={track.id} title={track.kind === "audio" ? words.stats.sound : words.stats.picture} stats={track.stats} />
            ))}
          </section>
        )}
      </div>
    </Panel>
  );
}

function TrackFigures({ title, stats }: { title: string; stats: TrackStats }) {
  const { stats: words } = useWords();
  const tag = languageTags[useLanguage()];
  const percent = (share: number): string => share.toLocaleString(tag, { style: "percent", maximumFractionDigits: 1 });
  return (
    <>
      <h4>{title}</h4>
      <dl>
        <Row name={words.path} value={words.paths[stats.path]} />
        <Row name={words.codec} value={[stats.codec, stats.rid].filter(Boolean).join(" ")} />
        {stats.width > 0 && <Row name={words.size} value={`${stats.width} × ${stats.height}, ${Math.round(stats.frameRate)}/s`} />}
        <Row name={words.rate} value={rateText(tag, stats.bitrate)} />
        <Row name={words.loss} value={percent(stats.loss)} />
        <Row name={words.rtt} value={`${Math.round(stats.rtt)} ms`} />
        {stats.direction === "down" && <Row name={words.jitter} value={`${Math.round(stats.jitter)} ms`} />}
        {stats.frozen > 0 && <Row name={words.frozen} value={`${(stats.frozen / 1000).toLocaleString(tag, { maximumFractionDigits: 1 })} s`} />}
      </dl>
    </>
  );
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
