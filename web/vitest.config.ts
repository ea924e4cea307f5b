import { defineConfig } from "vitest/config";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // css: a test reads the style sheets.
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node", css: true },
});
