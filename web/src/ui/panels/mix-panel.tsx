// What a host may do with the program: how its picture is divided, and how
// loud everybody is.

import { useEffect, useReducer, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { RtcError, type Room, type Scene } from "../../rtc";
import { watchLink } from "../call/invite-tile";
import { failed } from "../call/use-actions";
import { Button, Switch } from "../parts/controls";
import { CopyButton } from "../parts/copy";
import { useRenderOn, useRoom } from "../parts/use-room";
import { changeProgram } from "../program-settings";
import { LayoutPicker, type LayoutChoice } from "./layout-picker";
import { Panel } from "./panel";
import { exampleScene, parseScene } from "./scene";

/** The panel; for hosts. */
export function MixPanel({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const { mix } = words;
  const room = useRoom();
  useRenderOn(room, "changed");
  const { layout, scene, unlevelled = false } = room.settings.program ?? {};
  const [open, setOpen] = useState(layout === "scene");
  // What was chosen and did not come true is shown as it was.
  const [, stay] = useReducer((count: number) => count + 1, 0);
  const hosting = room.localParticipant.role === "host";
  useEffect(() => {
    if (!hosting) onClose();
  }, [hosting]);
  const ask = (request: Promise<void>): void => {
    request.catch((error: unknown) => {
      failed(words, error);
      stay(undefined);
    });
  };
  const choose = (choice: LayoutChoice): void => {
    // A scene that was never written has to be first.
    if (choice === "scene" && !scene) {
      setOpen(true);
      stay(undefined);
    } else ask(changeProgram(room, {}, choice));
  };
  return (
    <Panel title={mix.title} onClose={onClose}>
      <div class="panel-scroll mix">
        <p class="quiet">{mix.lead}</p>
        <p class="mix-state" role="status" data-testid="mix-state"><span class={`dot dot-${room.program.state}`} />{stateWords(words, room)}</p>
        <LayoutPicker value={layout ?? "auto"} onChoose={choose} />
        <Switch
          label={mix.level} hint={mix.levelHint} on={!unlevelled}
          onSwitch={(on) => ask(changeProgram(room, { unlevelled: !on }))}
        />
        <CopyButton text={watchLink(room.name)} kind="plain" testId="watch-link-copy">{mix.watchLink}</CopyButton>
        <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{mix.own}</summary>
          <SceneForm scene={scene} apply={(own) => changeProgram(room, { scene: own }, "scene")} />
        </details>
      </div>
    </Panel>
  );
}

function stateWords({ mix: { states } }: ReturnType<typeof useWords>, { program }: Room): string {
  if (program.state !== "mixing") return states[program.state];
  return states.mixing(program.width > 0 ? `${program.width} × ${program.height}` : "…");
}

/** The scene as text; what the server finds wrong with it is said below. */
function SceneForm({ scene, apply }: { scene: Scene | undefined; apply: (scene: Scene) => Promise<void> }) {
  const { mix } = useWords();
  const [text, setText] = useState(() => JSON.stringify(scene ?? exampleScene, null, 2));
  const [fault, setFault] = useState("");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setFault("");
    const parsed = parseScene(text);
    if ("fault" in parsed) return setFault(mix.broken(parsed.fault));
    try {
      await apply(parsed.scene);
    } catch (error) {
      setFault(error instanceof RtcError ? error.message : String(error));
    }
  };
  return (
    <form class="scene" onSubmit={(event) => void submit(event)}>
      <p id="scene-hint" class="quiet hint">{mix.ownHint}</p>
      <textarea
        class="input scene-text" rows={12} spellcheck={false} autocapitalize="off" value={text} aria-label={mix.ownLabel}
        aria-describedby="scene-hint" aria-invalid={fault !== ""} data-testid="scene-text"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {fault && <p class="input-fault" role="alert" data-testid="scene-fault">{fault}</p>}
      <Button type="submit" testId="scene-apply">{mix.apply}</Button>
    </form>
  );
}
