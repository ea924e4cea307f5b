// A synthetic person: cameras, screens and microphones of this page are a canvas
// with the person's colour and a running number, and an oscillator of the
// person's tone. Set before any script of the page runs; globalThis.me says who
// it is, and how large and fast the pictures are.

(() => {
  const { cast, me } = globalThis;
  const { width = 320, height = 180, rate = 15 } = me;
  const devices = navigator.mediaDevices;
  if (!devices) return; // an insecure page has none, and none is made up

  let audio = null;
  /** What was opened, for tests of what is released. */
  const opened = (globalThis.opened = []);

  function draw(context, source, number) {
    const { width: w, height: h } = context.canvas;
    const [r, g, b] = cast.colourOf(source);
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(0, 0, w, h);
    const bits = cast.encode(source, number);
    for (let i = 0; i < 24; i++) {
      context.fillStyle = (bits >>> (23 - i)) & 1 ? "#ffffff" : "#202020";
      const column = i % 8;
      const row = Math.floor(i / 8);
      context.fillRect((column * w) / 8, (row * h) / 4, w / 8, h / 4);
    }
  }

  function picture(source, size = { width, height }) {
    const canvas = Object.assign(document.createElement("canvas"), size);
    const context = canvas.getContext("2d", { alpha: false });
    let number = 0;
    draw(context, source, number);
    const [track] = canvas.captureStream(rate).getVideoTracks();
    const timer = setInterval(() => {
      if (track.readyState === "ended") clearInterval(timer);
      else draw(context, source, (number = (number + 1) % cast.numbers));
    }, 1000 / rate);
    opened.push({ source, track });
    return track;
  }

  function sound(frequency, source) {
    audio ??= new AudioContext();
    void audio.resume();
    const oscillator = new OscillatorNode(audio, { frequency });
    const gain = new GainNode(audio, { gain: 0.2 });
    const output = audio.createMediaStreamDestination();
    oscillator.connect(gain).connect(output);
    oscillator.start();
    const [track] = output.stream.getAudioTracks();
    opened.push({ source, track });
    return track;
  }

  const refusal = () => new DOMException("The person said no.", "NotAllowedError");

  devices.getUserMedia = async ({ audio: wantsAudio, video: wantsVideo } = {}) => {
    if (me.refuses) throw refusal();
    const tracks = [];
    if (wantsAudio) tracks.push(sound(cast.people[me.name].tone, me.name));
    if (wantsVideo) tracks.push(picture(me.name));
    return new MediaStream(tracks);
  };
  devices.getDisplayMedia = async () => new MediaStream([picture(`${me.name} screen`)]);
  devices.enumerateDevices = async () => {
    const device = (kind, id, label) => ({ kind, deviceId: id, groupId: "e2e", label, toJSON: () => ({ kind, deviceId: id, label }) });
    return [
      device("videoinput", "canvas", "Canvas camera"),
      device("audioinput", "oscillator", "Oscillator"),
      device("audiooutput", "default", "Speaker"),
    ];
  };
})();
