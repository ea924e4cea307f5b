// Files that are dragged onto the call.

import { useWords } from "../../i18n";
import { useRoom } from "../parts/use-room";
import { useFileDrop } from "./use-file-drop";
import type { Talk } from "./use-talk";

/** Shows where files may be dropped, and to whom they will go. */
export function DropZone({ talk, onDrop }: { talk: Talk; onDrop: () => void }) {
  const { chat } = useWords();
  const room = useRoom();
  const hovering = useFileDrop((files) => {
    talk.sendFiles(files);
    onDrop();
  });
  if (!hovering) return null;
  const name = room.participant(talk.to)?.name;
  return (
    <div class="drop">
      <p>{name ? chat.dropOne(name) : chat.dropAll}</p>
    </div>
  );
}
