// The tiny sign of path and quality on each tile, with its words.

import { useWords } from "../../i18n";
import type { LivePath } from "../../rtc";
import { Icon, type IconName } from "../icons";
import { pathSentence, type PathFacts, type Quality } from "./path-words";

const icons: Readonly<Record<LivePath, IconName>> = { p2p: "direct", sfu: "server", mcu: "mixed" };

interface PathBadgeProps extends PathFacts {
  quality: Quality | null;
}

/** An icon for the way and three bars for the line; the sentence shows on hover, focus or tap, and is read out. */
export function PathBadge({ quality, ...facts }: PathBadgeProps) {
  const words = useWords();
  const sentence = [pathSentence(words, facts), quality && facts.path && words.path.quality[quality]].filter(Boolean).join(words.gap);
  return (
    // Not in the tab order, where sixteen of them would be in the way; readers find it all the same.
    <button type="button" class="path-badge" tabIndex={-1} aria-label={sentence} data-testid="path-badge" data-path={facts.path ?? ""}>
      <Icon name={facts.path === null ? "server" : icons[facts.path]} class="icon-tiny" />
      {quality && (
        <svg class={`bars bars-${quality}`} viewBox="0 0 14 14" aria-hidden="true">
          <path d="M2 11v1M7 7v5M12 3v9" />
        </svg>
      )}
      <span class="path-words" aria-hidden="true">{sentence}</span>
    </button>
  );
}
