// Ticks for a page whose own timers are slow while it is in the background. A
// message tells the milliseconds between two ticks.

let timer: ReturnType<typeof setInterval> | undefined;

self.onmessage = ({ data }: MessageEvent<number>) => {
  clearInterval(timer);
  timer = setInterval(() => self.postMessage(null), data);
};
