// A value that parts of the page share, and hear of when it changes.

import { useEffect, useState } from "preact/hooks";

/** Holds one value of type T; T is never changed in place. */
export class Store<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  /** Replaces the value and tells everybody. */
  set(next: T): void {
    if (Object.is(next, this.current)) return;
    this.current = next;
    for (const listener of [...this.listeners]) listener();
  }

  /** Calls listener at each change; returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The value of a store; the component renders anew when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    const read = (): void => setValue(() => store.value);
    // It may have changed between rendering and now.
    read();
    return store.subscribe(read);
  }, [store]);
  return value;
}
