// Who plays: each person has a colour and a tone that nobody else has, and
// sources of pictures with a number. Runs in pages and in node alike.

(() => {
  /** Tones are multiples of 100 Hz, so that windows of 10 ms tell them apart without leaking. */
  const people = {
    Ann: { colour: [205, 45, 45], screen: [230, 150, 150], tone: 500 },
    Ben: { colour: [40, 160, 60], screen: [150, 220, 160], tone: 900 },
    Cat: { colour: [50, 70, 210], screen: [150, 165, 235], tone: 1400 },
    Dan: { colour: [200, 170, 30], screen: [225, 215, 150], tone: 2000 },
  };
  const names = Object.keys(people);

  /**
   * Pictures carry 24 bits in 3 rows of 8 blocks, source (3), number (13), check (8); below is a row in the sender's
   * colour, where the program puts names.
   */
  const numbers = 1 << 13;

  /** Every source of pictures: "Ann", "Ann screen", "Ben"… */
  const sources = names.flatMap((name) => [name, `${name} screen`]);

  function check(source, number) {
    return (source * 37 + (number & 0xff) * 3 + (number >> 8) * 11 + 0x5a) & 0xff;
  }

  globalThis.cast = {
    people, names, sources, numbers,

    colourOf(source) {
      const [name, screen] = source.split(" ");
      return screen ? people[name].screen : people[name].colour;
    },

    encode(source, number) {
      const index = sources.indexOf(source);
      return (index << 21) | (number << 8) | check(index, number);
    },

    /** The source and number in these bits, or null. */
    decode(bits) {
      const index = bits >>> 21;
      const number = (bits >>> 8) & (numbers - 1);
      return (bits & 0xff) === check(index, number) ? { source: sources[index], number } : null;
    },
  };
})();
