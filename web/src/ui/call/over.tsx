// After a call, or where none could begin.

import { useWords } from "../../i18n";
import { Lobby } from "../home/lobby";
import { Button } from "../parts/controls";
import { DoctorLink } from "../parts/doctor-link";
import { faultWords } from "../parts/fault-card";
import { go } from "../route";

/** Codes after which joining again makes no sense. */
const final: ReadonlySet<string> = new Set(["ended", "replaced", "forbidden", "not_supported", "no_codec", "version"]);

/** Codes after which the way to the server may be worth a look. */
const doubtful: ReadonlySet<string> = new Set(["unreachable", "timeout", "slow", "no_answer"]);

/** Says why it is over, and shows ways on. */
export function Over({ code, room, onAgain }: { code: string; room: string; onAgain: () => void }) {
  const words = useWords();
  const { title, text } = faultWords(words, code);
  const again = !final.has(code);
  return (
    <Lobby>
      <section class="over" data-testid="over" data-code={code}>
        <p class="quiet">{words.door.room(room)}</p>
        <h1>{title}</h1>
        <p class="lead">{text}</p>
        {!Object.hasOwn(words.faults, code) && <p class="quiet">{words.faultCode(code)}</p>}
        <div class="over-ways">
          {code === "version" && <Button kind="main" onClick={() => location.reload()}>{words.reload}</Button>}
          {again && <Button kind="main" testId="rejoin-button" onClick={onAgain}>{words.over.rejoin}</Button>}
          <Button kind={again ? "plain" : "main"} onClick={() => go("/")}>{words.over.home}</Button>
        </div>
        {doubtful.has(code) && <DoctorLink />}
      </section>
    </Lobby>
  );
}
