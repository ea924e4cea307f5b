// Where one makes a room or goes to one.

import { useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { Button } from "../parts/controls";
import { go, roomFromInput, roomPath } from "../route";
import { Hall } from "./hall";
import { Lobby } from "./lobby";
import { RecentRooms } from "./recent-rooms";
import { newRoomName } from "./room-name";

function EnterForm() {
  const { home } = useWords();
  const [text, setText] = useState("");
  const [bad, setBad] = useState(false);
  const enter = (event: Event): void => {
    event.preventDefault();
    const room = roomFromInput(text);
    if (room) go(roomPath(room));
    else setBad(true);
  };
  return (
    <form class="enter" onSubmit={enter} noValidate>
      <label class="quiet" for="room">
        {home.or}
      </label>
      <div class="enter-row">
        <input
          id="room"
          class="input"
          placeholder={home.room}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={bad}
          aria-describedby={bad ? "room-bad" : undefined}
          data-testid="room-input"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setBad(false);
          }}
        />
        <Button type="submit" testId="enter-button">{home.enter}</Button>
      </div>
      {bad && <p id="room-bad" class="input-fault">{home.bad}</p>}
    </form>
  );
}

/** The first page. */
export function Home() {
  const { home } = useWords();
  return (
    <Lobby>
      <div class="home">
        <div class="home-words">
          <h1>{home.title}</h1>
          <p class="lead">{home.lead}</p>
          <Button kind="main" class="home-make" testId="make-button" onClick={() => go(roomPath(newRoomName()))}>
            {home.make}
          </Button>
          <EnterForm />
          <RecentRooms />
        </div>
        <div class="home-picture">
          <Hall />
          <ul class="home-facts">
            {home.facts.map((fact) => (
              <li key={fact}>{fact}</li>
            ))}
          </ul>
        </div>
      </div>
    </Lobby>
  );
}
