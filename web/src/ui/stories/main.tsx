// Stories: one state of the page at a time, without a server. Not part of the
// build. `npm run dev`, then /src/ui/stories/?page=call&people=5&lang=zh&theme=dark

import { render } from "preact";
import { isLanguage, LanguageContext, languageTags } from "../../i18n";
import { Call } from "../call/call";
import { Over } from "../call/over";
import { Door } from "../door/door";
import { Home } from "../home/home";
import { Sprite } from "../icons";
import { lookOf, showLook } from "../look";
import { toast, Toasts } from "../parts/toasts";
import type { Theme } from "../preferences";
import { FakeRoom } from "./fake-room";
import { sceneOf } from "./scenes";
import "../style/index.css";

const query = new URLSearchParams(location.search);
const page = query.get("page") ?? "home";
const wished = query.get("lang");
const language = isLanguage(wished) ? wished : "en";
const theme = (query.get("theme") ?? "auto") as Theme;
const panel = query.get("panel");

function Story() {
  const room = new FakeRoom(sceneOf(Number(query.get("people") ?? 3), language, query));
  switch (page) {
    case "door":
      return <Door room={room} name={room.name} onJoined={() => undefined} />;
    case "call":
      return <Call room={room} panel={panel === "chat" || panel === "people" || panel === "stats" || panel === "mix" ? panel : null} />;
    case "over":
      return <Over code={query.get("code") ?? "left"} room={room.name} onAgain={() => undefined} />;
    default:
      return <Home />;
  }
}

document.documentElement.lang = languageTags[language];
showLook(lookOf(theme, page === "call"));
const root = document.getElementById("app");
if (root) {
  render(
    <LanguageContext.Provider value={language}>
      <Sprite />
      <Story />
      <Toasts />
    </LanguageContext.Provider>,
    root,
  );
}
for (const text of query.getAll("toast")) toast(text);
