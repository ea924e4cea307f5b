// The picture of the lobby: a concert hall's seats, with one that is heard.

const rows = [5, 8, 11, 14, 17];
const heard = { row: 1, seat: 5 };

/** Places in rows around a stage, in a view box of 460 × 250. */
function seats(): { x: number; y: number; heard: boolean }[] {
  return rows.flatMap((count, row) => {
    const radius = 66 + row * 40;
    return Array.from({ length: count }, (_, seat) => {
      const angle = Math.PI * (0.08 + (0.84 * seat) / (count - 1));
      const at = (n: number): number => Math.round(n * 10) / 10;
      return {
        x: at(230 - Math.cos(angle) * radius * 0.98),
        y: at(246 - Math.sin(angle) * radius),
        heard: row === heard.row && seat === heard.seat,
      };
    });
  });
}

/** The hall. It says nothing to readers. */
export function Hall() {
  return (
    <svg class="hall" viewBox="0 0 460 250" aria-hidden="true">
      {seats().map(({ x, y, heard }) => (
        <circle key={`${x} ${y}`} class={heard ? "seat seat-heard" : "seat"} cx={x} cy={y} r={heard ? 9 : 7} />
      ))}
    </svg>
  );
}
