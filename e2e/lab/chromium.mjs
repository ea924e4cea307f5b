// Chromium: one browser process, and a context for each person.

import { chromium } from "playwright-core";
import { beforeThePage, bring, which } from "./stage.mjs";
import { url } from "./world.mjs";

const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking",
  "--use-fake-ui-for-media-stream", "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--autoplay-policy=no-user-gesture-required",
  // Pages get cameras on https and localhost only; a network of the tests is neither.
  `--unsafely-treat-insecure-origin-as-secure=${url}`,
  // The server's own certificate, where it has one.
  ...(url.startsWith("https:") ? ["--ignore-certificate-errors"] : []),
];

/** Opens the Chromium of this path. Who comes is added to people. */
export async function openChromium(people, path) {
  const browser = await chromium.launch({ executablePath: which(path), args: flags });
  return {
    /**
     * Brings a person to a page: the bare one, or another address of the site.
     * me: width, height and rate of its pictures; options: those of createRoom.
     */
    async enter(name, { me = {}, options = {}, path, context = {} } = {}) {
      const session = await browser.newContext({ viewport: { width: 1000, height: 640 }, ...context });
      const page = await session.newPage();
      await page.addInitScript({ content: beforeThePage(name, me) });
      return bring(people, name, page, options, path);
    },
  };
}
