import { defineConfig } from "vite";

// The client is embedded in the server's binary, so every path is relative to
// the root it is served from. In development, `npm run dev` serves the page
// and passes the signalling on to a server that runs beside it.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: ["chrome111", "firefox115", "safari16.4"],
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
  },
  server: {
    // api/causes.json is the server's as well.
    fs: { allow: [".."] },
    proxy: {
      "/api": { target: "http://127.0.0.1:8080", ws: true },
    },
  },
});
