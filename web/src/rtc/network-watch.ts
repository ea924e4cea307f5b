// Whether the computer's network has changed, and whether the page goes.

/** Milliseconds in which several signs count as one change. */
const settle = 300;

/** Calls listener after the network changed; returns what ends it. */
export function onNetworkChange(listener: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(listener, settle);
  };
  // The Network Information API is not in every browser, nor in TypeScript.
  const { connection } = navigator as Navigator & { connection?: EventTarget };
  window.addEventListener("online", changed);
  connection?.addEventListener("change", changed);
  return () => {
    clearTimeout(timer);
    window.removeEventListener("online", changed);
    connection?.removeEventListener("change", changed);
  };
}

/** Calls listener when the page is closed or left; returns what ends it. */
export function onPageGone(listener: () => void): () => void {
  window.addEventListener("pagehide", listener);
  return () => window.removeEventListener("pagehide", listener);
}
