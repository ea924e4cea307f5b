// The rooms that one was in.

import { languageTags, useLanguage, useWords } from "../../i18n";
import { IconButton } from "../parts/controls";
import { remember, usePreferences } from "../preferences";
import { go, roomPath } from "../route";
import { ago } from "./ago";

/** A list of links; nothing on the first day. */
export function RecentRooms() {
  const words = useWords();
  const tag = languageTags[useLanguage()];
  const { recent } = usePreferences();
  if (recent.length === 0) return null;
  return (
    <section class="recent" aria-labelledby="recent">
      <h2 id="recent">{words.home.recent}</h2>
      <ul>
        {recent.map(({ room, at }) => (
          <li key={room}>
            <a
              href={roomPath(room)}
              onClick={(event) => {
                event.preventDefault();
                go(roomPath(room));
              }}
            >
              <span class="recent-room">{room}</span>
              <span class="quiet">{ago(tag, at, Date.now())}</span>
            </a>
            <IconButton
              icon="close"
              label={words.home.forget(room)}
              onClick={() => remember({ recent: recent.filter((r) => r.room !== room) })}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
