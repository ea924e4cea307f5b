// The layouts of the program, each as a small drawing of itself.

import { useId } from "preact/hooks";
import { useWords } from "../../i18n";
import type { Layout } from "../../rtc";

/** A layout, or what suits those who are there. */
export type LayoutChoice = Layout | "auto";

type Box = readonly [x: number, y: number, width: number, height: number];

/** Tiles on a canvas of 32 by 18; the first is the one that matters most. */
const drawings: Readonly<Record<LayoutChoice, readonly Box[]>> = {
  auto: [[0, 0, 15, 18], [17, 0, 15, 8], [17, 10, 7, 8], [25, 10, 7, 8]],
  grid: [[0, 0, 15, 8], [17, 0, 15, 8], [0, 10, 15, 8], [17, 10, 15, 8]],
  speaker: [[0, 0, 32, 12], [0, 14, 7, 4], [8.33, 14, 7, 4], [16.67, 14, 7, 4], [25, 14, 7, 4]],
  presentation: [[0, 0, 24, 18], [26, 0, 6, 5], [26, 6.5, 6, 5], [26, 13, 6, 5]],
  side_by_side: [[0, 3, 15, 12], [17, 3, 15, 12]],
  picture_in_picture: [[0, 0, 32, 18], [20, 10, 10, 6]],
  single: [[0, 0, 32, 18]],
  scene: [[0, 0, 19, 18], [14, 5, 9, 6], [22, 0, 10, 18]],
};

/** All layouts, in the order in which they are offered. */
export const layoutChoices = Object.keys(drawings) as readonly LayoutChoice[];

/** A choice among them. */
export function LayoutPicker({ value, onChoose }: { value: LayoutChoice; onChoose: (layout: LayoutChoice) => void }) {
  const { mix } = useWords();
  const name = useId();
  return (
    <fieldset class="layouts">
      <legend>{mix.layout}</legend>
      <div class="layouts-grid">
        {layoutChoices.map((layout) => (
          <label key={layout} data-testid={`layout-${layout}`}>
            <input type="radio" name={name} checked={layout === value} onChange={() => onChoose(layout)} />
            <svg class="layout" viewBox="-3 -3 38 24" aria-hidden="true">
              {drawings[layout].map(([x, y, width, height], i) => (
                <rect key={i} class={i === 0 ? "layout-first" : ""} x={x} y={y} width={width} height={height} rx="1.5" />
              ))}
            </svg>
            <span>{mix.layouts[layout]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
