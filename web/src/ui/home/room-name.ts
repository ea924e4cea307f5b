// Names for new rooms: easy to read out, hard to guess.

const qualities = (
  "amber ample azure balmy bold brave breezy bright brisk calm candid cheery civil clear clever cosy " +
  "crisp dapper deft eager early easy fair fleet fond frank fresh gentle glad golden grand green " +
  "happy hardy honest humble jolly keen kind lively loyal lucid lucky mellow merry mild neat nimble " +
  "noble open patient plain proud quick quiet ready rosy silver snug soft sunny swift tidy warm"
).split(" ");

const things = (
  "acorn anchor apple aspen badger bamboo banjo beacon birch brook cedar cello cherry clover cobalt comet " +
  "coral cricket cypress daisy dove falcon fern fiddle finch flute garden ginger harbor harp hazel heron " +
  "ivory jasmine juniper kestrel lantern lark laurel lemon lilac lotus lynx magpie maple meadow mint oboe " +
  "olive orchid otter pebble piano pine plum poppy raven river robin saffron sparrow thistle tulip viola"
).split(" ");

/** How many names there are, at least: 28 bits. */
export const roomNameBits = Math.log2(qualities.length * things.length * things.length * 1000);

/** A name such as "calm-otter-tulip-482" of four random numbers in [0, 2³²). */
export function roomName([a = 0, b = 0, c = 0, d = 0]: ArrayLike<number> & Iterable<number>): string {
  const pick = (words: readonly string[], n: number): string => words[n % words.length] ?? "";
  return [pick(qualities, a), pick(things, b), pick(things, c), String(d % 1000).padStart(3, "0")].join("-");
}

/** A name that nobody else has. */
export function newRoomName(): string {
  return roomName(crypto.getRandomValues(new Uint32Array(4)));
}
