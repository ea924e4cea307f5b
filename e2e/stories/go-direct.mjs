// A Go client sends files directly to a browser; a third comes, and the browser
// goes on seeing and hearing them by the server.

import { spawn } from "node:child_process";
import { step, story, until } from "../lab/story.mjs";

const files = "../client/mediafile/testdata";

story(async ({ enter }) => {
  const { E2E_TUTTI, E2E_SERVER } = process.env;
  const bot = spawn(E2E_TUTTI, [
    "publish", `${files}/vp8.ivf`, `${files}/opus.ogg`, "--direct", "--url", E2E_SERVER, "--room", "stage", "--name", "Bot",
  ], { stdio: "inherit" });
  try {
    const ann = await enter("Ann");
    await ann.join("stage");
    const botComesBy = (path) => until(`both tracks of the bot come by ${path}`, () => ann.run((wanted) => {
      const tracks = globalThis.tutti.participants.find((p) => p.name === "Bot")?.tracks ?? [];
      return tracks.length === 2 && tracks.every((t) => t.path === wanted && t.status === "live");
    }, path));
    await botComesBy("p2p");
    step("directly");
    const ben = await enter("Ben");
    await ben.join("stage");
    await botComesBy("sfu");
    step("by the server, for there are three");
  } finally {
    bot.kill();
  }
});
