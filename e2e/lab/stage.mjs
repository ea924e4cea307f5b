// What the browsers' stages share: how a person comes to a page.

import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { Person } from "./person.mjs";
import { artifacts, url } from "./world.mjs";

/** The script that makes a page's devices this person's, before any of its own. */
export function beforeThePage(name, me) {
  const scripts = ["cast.js", "people.js", "senses.js"].map((file) => readFileSync(new URL(`../browser/${file}`, import.meta.url), "utf8"));
  return [`globalThis.me = ${JSON.stringify({ name, ...me })};`, ...scripts].join("\n");
}

/** Brings a person to the bare page, or to another address of the site. */
export async function bring(people, name, page, options, path) {
  const person = new Person(name, page);
  page.on("console", (message) => person.said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => person.said.push(`uncaught: ${error.stack ?? error}`));
  people.push(person);
  await page.goto(path ? new URL(path, url).href : `${url}/e2e/?options=${encodeURIComponent(JSON.stringify(options))}`);
  return person;
}

/** Prints what helps to understand a story that failed. */
export async function lookBack(people) {
  for (const person of people) {
    if (person.page.isClosed()) continue;
    await person.page.screenshot({ path: join(artifacts, `${person.name}.png`), timeout: 3000 }).catch(() => undefined);
    console.log(`--- ${person.name}: ${await person.lookBack().catch(String)}\n${person.said.slice(-30).join("\n")}`);
  }
}

/** The path of a program. */
export function which(program) {
  if (program.includes("/")) return program;
  const found = process.env.PATH.split(":").map((dir) => join(dir, program)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`there is no ${program}`);
  return found;
}
