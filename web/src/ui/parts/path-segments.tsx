// The path to the others, as a choice.

import { useWords } from "../../i18n";
import type { Path } from "../../rtc";
import { Segments } from "./controls";

const paths: readonly Path[] = ["auto", "p2p", "sfu", "mcu"];

/** Automatic, direct, through the server, or mixed. */
export function PathSegments({ label, value, onChoose }: { label: string; value: Path; onChoose: (path: Path) => void }) {
  const { wishes } = useWords().path;
  return <Segments<Path> label={label} value={value} options={paths.map((path) => [path, wishes[path]] as const)} onChoose={onChoose} />;
}
