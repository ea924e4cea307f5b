// What a call needs, tried, and said in words.

import { useEffect } from "preact/hooks";
import { explain } from "../../doctor/causes";
import type { Examination } from "../../doctor/examination";
import { checkNames, type CheckName } from "../../doctor/outcome";
import { reportText } from "../../doctor/report";
import { useLanguage, useWords, type Catalogue } from "../../i18n";
import { Lobby } from "../home/lobby";
import { Button } from "../parts/controls";
import { CopyButton } from "../parts/copy";
import { CheckRow, StandSign } from "./check-row";
import { Fix, Prose } from "./fix";
import { useExamination } from "./use-examination";

const groups: readonly (readonly [keyof Catalogue["doctor"]["groups"], readonly CheckName[]])[] = [
  ["here", ["secure", "camera", "microphone"]],
  ["server", ["signalling", "server", "clock"]],
  ["network", ["candidates", "stun", "mapping"]],
  ["ways", ["udp", "tcp", "turn-udp", "turn-tcp", "turn-tls", "addresses"]],
];

/** The page; it begins by itself. */
export function DoctorPage() {
  const { doctor } = useWords();
  const { examination, again } = useExamination();
  useEffect(() => {
    document.title = `${doctor.title} · tutti`;
    return () => {
      document.title = "tutti";
    };
  }, [doctor.title]);
  return (
    <Lobby>
      <section class="doctor" data-testid="doctor" data-verdict={examination.verdict?.cause ?? ""}>
        <h1>{doctor.title}</h1>
        <p class="lead">{doctor.lead}</p>
        <Verdict examination={examination} onAgain={again} />
        {groups.map(([group, names]) => (
          <section class="checks" key={group}>
            <h2>{doctor.groups[group]}</h2>
            <ol>
              {names.map((name) => (
                <CheckRow key={name} name={name} outcome={examination.outcomes.get(name)} running={examination.running.has(name)} />
              ))}
            </ol>
          </section>
        ))}
      </section>
    </Lobby>
  );
}

function Verdict({ examination, onAgain }: { examination: Examination; onAgain: () => void }) {
  const { doctor } = useWords();
  const language = useLanguage();
  const { verdict, outcomes } = examination;
  if (!verdict) {
    const all = checkNames.length;
    return (
      <div class="verdict" role="status" data-testid="verdict">
        <StandSign stand="running" />
        <div class="check-words">
          <p class="verdict-title">{doctor.looking(Math.min(outcomes.size + 1, all), all)}</p>
          <progress max={all} value={outcomes.size} aria-hidden="true" />
        </div>
      </div>
    );
  }
  const { severity, title, why, fix } = explain(verdict, language);
  const report = reportText({
    verdict, outcomes, language, names: doctor.checks, page: location.href, browser: navigator.userAgent, at: new Date(),
  });
  return (
    <div class={`verdict verdict-${severity}`} role="status" data-testid="verdict">
      <StandSign stand={severity} />
      <div class="check-words">
        <Prose class="verdict-title" text={title} />
        {why && <Prose class="quiet" text={why} />}
        {fix && <Fix text={fix} />}
        <div class="verdict-ways">
          <CopyButton text={report} testId="copy-report">{doctor.copyReport}</CopyButton>
          <Button testId="again" onClick={onAgain}>{doctor.again}</Button>
        </div>
        <p class="quiet hint">{doctor.reportHint}</p>
      </div>
    </div>
  );
}
