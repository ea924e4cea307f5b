// The doctor's page: all is well; then UDP is blocked, which it names with the
// line that opens it, and the call says what it costs. It is used by keyboard,
// in Chinese and on a phone.

import assert from "node:assert/strict";
import { step, story, until, world } from "../lab/story.mjs";
import { reads, the, tileSays, walkIn } from "../lab/visitor.mjs";

const stands = (person) => person.run(() =>
  Object.fromEntries([...document.querySelectorAll('[data-testid="check"]')].map(({ dataset }) => [dataset.check, dataset.stand])));

const causes = (person) => person.run(() => [...document.querySelectorAll('[data-testid="finding"]')].map((one) => one.dataset.cause));

const fits = (person) => person.run(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth <= clientWidth ? null : `${scrollWidth} px on a screen of ${clientWidth}`;
});

/** Waits for the verdict, and returns how each check stands. */
async function examined(person, verdict) {
  await until(`${person.name} reads ${verdict}`, async () => {
    const found = await person.page.locator(the("doctor")).getAttribute("data-verdict");
    if (found === verdict) return true;
    throw new Error(`${found} ${JSON.stringify(await stands(person))}`);
  }, 80_000);
  return stands(person);
}

story(async ({ enter }) => {
  const ann = await enter("Ann", { path: "/r/stage?test", context: { permissions: ["clipboard-read", "clipboard-write"] } });
  await ann.page.click(the("doctor-link"));
  const well = await examined(ann, "ok");
  const bad = Object.entries(well).filter(([, stand]) => stand !== "ok" && stand !== "skipped");
  assert.deepEqual(bad, []);
  for (const way of ["udp", "tcp", "turn-udp", "turn-tcp"]) assert.equal(well[way], "ok", way);
  step("all is well, by each way for media");

  const focused = (id) => ann.run((id) => document.activeElement?.dataset.testid === id, id);
  for (let i = 0; i < 20 && !(await focused("copy-report")); i++) await ann.page.keyboard.press("Tab");
  await ann.page.keyboard.press("Enter");
  const report = await until("the report is copied", () => ann.run(() => navigator.clipboard.readText()));
  assert.match(report, /^tutti doctor, .*\n.*\/doctor\n/);
  assert.match(report, /ok: UDP\n/);
  for (let i = 0; i < 20 && !(await focused("facts-button")); i++) await ann.page.keyboard.press("Tab");
  await ann.page.keyboard.press("Enter");
  await ann.page.waitForSelector(".facts");
  step("the report is copied and details unfold, by keyboard alone");

  await world.blockUDP();
  const phone = { locale: "zh-CN", viewport: { width: 360, height: 640 }, hasTouch: true };
  const ben = await enter("Ben", { path: "/doctor", context: phone });
  const blocked = await examined(ben, "tcp_fallback");
  assert.deepEqual([blocked.udp, blocked.tcp, blocked["turn-tcp"]], ["warn", "ok", "ok"]);
  const named = await causes(ben);
  for (const cause of ["udp_blocked", "stun_no_answer", "turn_udp_failed"]) assert.ok(named.includes(cause), `${cause} is not among ${named}`);
  await reads(ben, "verdict", "UDP 不通");
  assert.equal(await fits(ben), null);
  step("UDP is blocked: the page says so in Chinese, and fits on 360 pixels");

  await ben.page.goto(new URL("/r/stage?test", ben.page.url()).href);
  await walkIn(ben);
  await ben.page.waitForSelector(the("detour"));
  await reads(ben, "detour", "UDP");
  // The two are on one machine, where a direct way is always open.
  await ben.run(() => globalThis.tutti.setPath("sfu"));
  assert.equal(await fits(ben), null);
  await ann.page.goBack();
  await walkIn(ann);
  await reads(ann, "detour", "UDP is blocked in your network");
  await ben.meets("Ann");
  await tileSays(ann, "Ben", { words: "Over TCP, because UDP is blocked." });
  await ann.page.click(the("detour-close"));
  await until("the notice goes", async () => (await ann.page.locator(the("detour")).count()) === 0);
  step("in the call a notice tells once what it costs, and so does the sign of the path");

  await until("the server has counted it", async () => (await world.metric("tutti_media_reports_total", 'cause="tcp_fallback"')) >= 2);
  step("the server has counted why");
});
