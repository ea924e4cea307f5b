// The doctor's run, for components.

import { useEffect, useReducer, useState } from "preact/hooks";
import { Examination } from "../../doctor/examination";

/** Runs the checks at once, and again when asked. */
export function useExamination(): { examination: Examination; again: () => void } {
  const [examination, setExamination] = useState(() => new Examination());
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const off = examination.on("changed", () => render(undefined));
    void examination.run();
    return () => {
      off();
      examination.end();
    };
  }, [examination]);
  return { examination, again: () => setExamination(new Examination()) };
}
