// Run by the tests, with the web client's own Vite.
export default {
  base: "/e2e/",
  logLevel: "warn",
  build: { target: "es2022", emptyOutDir: true },
};
