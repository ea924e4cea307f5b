// Which shown track uses which receiving slot. Pure.

/** A wish of the page, for one remote video track, in device pixels. */
export interface Wish {
  track: string;
  width: number;
  height: number;
}

/** Wishes by slot, and how many slots were too few. */
export interface Assignment {
  bySlot: ReadonlyMap<string, Wish>;
  missing: number;
}

/**
 * Gives each wish a slot. Tracks keep the slot they have, so that what is on
 * the page goes on undisturbed; of two wishes for one track the larger counts.
 */
export function assignSlots(
  slots: readonly string[],
  previous: ReadonlyMap<string, Wish>,
  wishes: readonly Wish[],
): Assignment {
  const wanted = new Map<string, Wish>();
  for (const wish of wishes) {
    const known = wanted.get(wish.track);
    if (!known || known.width * known.height < wish.width * wish.height) wanted.set(wish.track, wish);
  }
  const bySlot = new Map<string, Wish>();
  for (const slot of slots) {
    const track = previous.get(slot)?.track;
    const wish = track !== undefined && wanted.get(track);
    if (!wish) continue;
    bySlot.set(slot, wish);
    wanted.delete(wish.track);
  }
  const free = slots.filter((slot) => !bySlot.has(slot));
  for (const wish of wanted.values()) {
    const slot = free.shift();
    if (slot === undefined) break;
    bySlot.set(slot, wish);
    wanted.delete(wish.track);
  }
  return { bySlot, missing: wanted.size };
}
