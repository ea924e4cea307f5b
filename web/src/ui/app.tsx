// The whole page: its words, its look, and where one is.

import { useEffect, useErrorBoundary, useMemo } from "preact/hooks";
import { chooseLanguage, LanguageContext, languageTags, useWords } from "../i18n";
import { DoctorLoader } from "./doctor-loader";
import { Home } from "./home/home";
import { Lobby } from "./home/lobby";
import { Sprite } from "./icons";
import { lookOf, showLook } from "./look";
import { Button } from "./parts/controls";
import { Toasts } from "./parts/toasts";
import { usePreferences } from "./preferences";
import { RoomLoader } from "./room-loader";
import { useRoute } from "./route";

/** The page, in the language and look of its person. */
export function App() {
  const { language: chosen, theme } = usePreferences();
  const language = useMemo(() => chooseLanguage(chosen, navigator.languages), [chosen]);
  useEffect(() => {
    document.documentElement.lang = languageTags[language];
  }, [language]);
  useEffect(() => showLook(lookOf(theme, false)), [theme]);
  return (
    <LanguageContext.Provider value={language}>
      <Sprite />
      <Pages />
      <Toasts />
    </LanguageContext.Provider>
  );
}

function Pages() {
  const words = useWords();
  const route = useRoute();
  const [error] = useErrorBoundary((fault) => console.error(fault));
  if (error) {
    return (
      <Lobby>
        <section class="over">
          <h1>{words.crashed.title}</h1>
          <p class="lead">{words.crashed.text}</p>
          <div class="over-ways">
            <Button kind="main" onClick={() => location.reload()}>{words.reload}</Button>
          </div>
        </section>
      </Lobby>
    );
  }
  switch (route.page) {
    case "room":
      return <RoomLoader key={route.room} name={route.room} />;
    case "doctor":
      return <DoctorLoader />;
    case "home":
      return <Home />;
  }
}
