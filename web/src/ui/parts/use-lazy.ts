// Parts of the page that are fetched when they are needed.

import { useEffect, useState } from "preact/hooks";

/** What load gives, and null until then. Throws, for the error boundary, when it could not be fetched. */
export function useLazy<T>(load: () => Promise<T>): T | null {
  const [loaded, setLoaded] = useState<{ value: T } | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  useEffect(() => {
    load().then((value) => setLoaded({ value }), setFault);
  }, []);
  if (fault) throw fault;
  return loaded?.value ?? null;
}
