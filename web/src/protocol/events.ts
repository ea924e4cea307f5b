// A small typed event emitter.

/** Ends what on() began. */
export type Unsubscribe = () => void;

/** Maps event names to the arguments of their listeners. */
export type EventMap<M> = { [K in keyof M]: unknown[] };

/** Something whose events can be listened to; M maps event names to listener arguments. */
export interface Listenable<M extends EventMap<M>> {
  on<K extends keyof M>(event: K, listener: (...args: M[K]) => unknown): Unsubscribe;
  once<K extends keyof M>(event: K, listener: (...args: M[K]) => unknown): Unsubscribe;
}

type Listener = (...args: unknown[]) => void;

/**
 * Keeps listeners and calls them in the order in which they came. A listener
 * that throws does not keep the others from being called: its error is thrown
 * again in a task of its own, where the page's error handler sees it.
 */
export class Events<M extends EventMap<M>> implements Listenable<M> {
  private readonly listeners = new Map<keyof M, Set<Listener>>();

  on<K extends keyof M>(event: K, listener: (...args: M[K]) => unknown): Unsubscribe {
    const entry: Listener = (...args) => listener(...(args as M[K]));
    let set = this.listeners.get(event);
    if (!set) this.listeners.set(event, (set = new Set()));
    set.add(entry);
    return () => set.delete(entry);
  }

  once<K extends keyof M>(event: K, listener: (...args: M[K]) => unknown): Unsubscribe {
    const off = this.on(event, (...args) => {
      off();
      listener(...args);
    });
    return off;
  }

  /** Calls the listeners of event. */
  emit<K extends keyof M>(event: K, ...args: M[K]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
