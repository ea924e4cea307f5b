// Firefox, for stories of one person in it and others in Chromium. It offers no
// candidate of the loopback interface, so such stories need a network.

import puppeteer from "puppeteer-core";
import { beforeThePage, bring, which } from "./stage.mjs";
import { url } from "./world.mjs";

/** Opens Firefox with one page for one person. */
export async function openFirefox(people) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: which("firefox-esr"),
    headless: true,
    extraPrefsFirefox: {
      "media.navigator.permission.disabled": true,
      "media.autoplay.default": 0,
      "media.autoplay.blocking_policy": 0,
      // Sound is made and heard in the page; this machine may have no device for it.
      "media.cubeb.force_mock_context": true,
      // Addresses of the machine, since no microphone of it is asked for.
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      // Pages get cameras on https and localhost only; a network of the tests is neither.
      "dom.securecontext.allowlist": new URL(url).hostname,
    },
  });
  return {
    async enter(name, { me = {}, options = {} } = {}) {
      const page = await browser.newPage();
      await page.evaluateOnNewDocument(beforeThePage(name, me));
      return bring(people, name, page, options);
    },
  };
}
