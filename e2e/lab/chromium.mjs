// Stories in Chromium: one browser process, and a context for each person.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Person } from "./person.mjs";
import { artifacts, chromiumPath, url } from "./world.mjs";

export const script = (name) => readFileSync(new URL(`../browser/${name}`, import.meta.url), "utf8");

const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking",
  "--use-fake-ui-for-media-stream", "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--autoplay-policy=no-user-gesture-required",
  // Pages get cameras on https and localhost only; a network of the tests is neither.
  `--unsafely-treat-insecure-origin-as-secure=${url}`,
];

/** Opens Chromium. Its people come by enter(). */
export async function openChromium() {
  const browser = await chromium.launch({ executablePath: which(chromiumPath), args: flags });
  const people = [];
  return {
    people,

    /**
     * Brings a person to a page: the bare one, or another address of the site.
     * me: width, height and rate of its pictures; options: those of createRoom.
     */
    async enter(name, { me = {}, options = {}, path, context = {} } = {}) {
      const session = await browser.newContext({ viewport: { width: 1000, height: 640 }, ...context });
      const page = await session.newPage();
      await page.addInitScript({
        content: [`globalThis.me = ${JSON.stringify({ name, ...me })};`, ...["cast.js", "people.js", "senses.js"].map(script)].join("\n"),
      });
      const person = new Person(name, page);
      page.on("console", (message) => person.said.push(`${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => person.said.push(`uncaught: ${error.stack ?? error}`));
      people.push(person);
      await page.goto(path ? new URL(path, url).href : `${url}/e2e/?options=${encodeURIComponent(JSON.stringify(options))}`);
      return person;
    },

    async lookBack() {
      for (const person of people) {
        if (person.page.isClosed()) continue;
        const picture = join(artifacts, `${person.name}.png`);
        await person.page.screenshot({ path: picture, timeout: 3000 }).catch(() => undefined);
        console.log(`--- ${person.name}: ${await person.lookBack().catch(String)}\n${person.said.slice(-30).join("\n")}`);
      }
    },
  };
}

/** Playwright wants a path. */
function which(program) {
  if (program.includes("/")) return program;
  const found = process.env.PATH.split(":").map((dir) => join(dir, program)).find((path) => {
    try {
      return readFileSync(path) && true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`there is no ${program}`);
  return found;
}
