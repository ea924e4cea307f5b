// Short news at the edge; they go by themselves.

import { Store, useStore } from "../store";

interface Toast {
  id: number;
  text: string;
  kind: "news" | "fault";
}

const shown = new Store<readonly Toast[]>([]);
const most = 3;
/** Milliseconds that a toast stays. */
const stay = { news: 4000, fault: 8000 };
let last = 0;

/** Shows news for a while, and has them read out. */
export function toast(text: string, kind: Toast["kind"] = "news"): void {
  const id = ++last;
  shown.set([...shown.value.filter((t) => t.text !== text), { id, text, kind }].slice(-most));
  setTimeout(() => shown.set(shown.value.filter((t) => t.id !== id)), stay[kind]);
}

/** The place where toasts appear. Live, so that readers hear of joins, leaves and chat. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {useStore(shown).map(({ id, text, kind }) => (
        <p key={id} class={`toast toast-${kind}`} data-testid="toast">
          {text}
        </p>
      ))}
    </div>
  );
}
