// Files between the pages of a room.

import { MaxDataHeader, TopicFile } from "../protocol/messages";
import type { DataHub } from "./data-hub";
import { FileReceiver } from "./file-incoming";
import { FileSender } from "./file-outgoing";
import { chunkBytes, chunkHeader, decodeFile, encodeFileMessage } from "./file-wire";
import type { DataMessage } from "./types";

/** Offers of one member that are remembered; more are ignored. */
const maxOffers = 50;

/** The files that this page offers and is offered. */
export class Files {
  private readonly outgoing = new Map<number, FileSender>();
  private readonly incoming = new Map<string, FileReceiver>();
  private lastNumber = 0;

  /** dataBytes is the server's limit of one message; offered hears of new offers. */
  constructor(
    private readonly hub: DataHub,
    private readonly dataBytes: () => number,
    private readonly offered: (file: FileReceiver) => void,
  ) {}

  /** Offers a file to a member, or "" for all. */
  send(file: File, to: string): FileSender {
    const chunk = Math.min(chunkBytes, this.dataBytes() - MaxDataHeader - 2 - chunkHeader);
    const sender = new FileSender(++this.lastNumber, file, to, chunk, (payload, member) => this.say(payload, member));
    this.outgoing.set(sender.number, sender);
    sender.offer();
    return sender;
  }

  /** Takes a message of topic "file". */
  receive({ from, payload }: DataMessage): void {
    const message = decodeFile(payload);
    if (!message) return;
    const known = this.incoming.get(`${from}/${message.file}`);
    if ("bytes" in message) known?.take(message);
    else if (message.say === "want") this.outgoing.get(message.file)?.want(from, message);
    else if (message.say === "stop") this.outgoing.get(message.file)?.stop(from);
    else if (message.say === "withdraw") known?.fail("The sender took the file back.");
    else if (!known && this.offersOf(from).length < maxOffers) {
      const file = new FileReceiver(from, message, (reply) => {
        this.say(encodeFileMessage(reply), from).catch(() => undefined);
      });
      this.incoming.set(file.id, file);
      this.offered(file);
    }
  }

  /** A member has left: nothing more comes from or goes to it. */
  left(member: string): void {
    for (const sender of this.outgoing.values()) sender.stop(member);
    for (const file of this.offersOf(member)) {
      file.fail("The sender has left.");
      this.incoming.delete(file.id);
    }
  }

  /** The call is over. */
  close(): void {
    for (const sender of this.outgoing.values()) sender.cancel();
    for (const file of this.incoming.values()) file.fail("The call is over.");
    this.outgoing.clear();
    this.incoming.clear();
  }

  private offersOf(member: string): FileReceiver[] {
    return [...this.incoming.values()].filter((file) => file.from === member);
  }

  private say(payload: Uint8Array, to: string): Promise<void> {
    return this.hub.send(payload, { topic: TopicFile, ...(to !== "" && { to }) });
  }
}
