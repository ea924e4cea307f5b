// The protocol's messages by name. The types themselves are generated from Go.

import type { ClientMessages, Code, Replies, ServerMessages } from "./api.gen";

export type * from "./api.gen";
export { DoctorProbeLabel, LabelLossy, LabelReliable, MaxDataHeader, ProgramAudio, ProgramVideo, TopicChat, TopicFile, Version } from "./api.gen";

/** The name of a request. */
export type RequestType = keyof ClientMessages & keyof Replies;

/** The messages that the server sends by itself, apart from events and bye. */
export type Push = Pick<
  ServerMessages,
  "slots" | "layers" | "speakers" | "direct" | "direct_start" | "direct_stop" | "muted_by_host"
>;

/** Codes of failures that the server does not know of. */
export type SignalCode =
  | "not_connected" // the socket is not open, or was lost before the reply
  | "no_answer" // the server did not answer in time
  | "unreachable"; // no socket to the server could be opened

/** A request that was refused or never answered. */
export class SignalError extends Error {
  constructor(readonly code: Code | SignalCode, text: string) {
    super(text);
    this.name = "SignalError";
  }
}

/** A message from the server as far as every message is alike. */
export interface ServerEnvelope {
  type: string;
  id: number;
  data: unknown;
}

/** Writes a request as one text message. */
export function encodeRequest<T extends RequestType>(id: number, type: T, data: ClientMessages[T]): string {
  return JSON.stringify({ type, id, data });
}

/** Reads a text message, or returns null if it is not one of the protocol. */
export function decodeServer(text: string): ServerEnvelope | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { type, id, data } = value as { type?: unknown; id?: unknown; data?: unknown };
  if (typeof type !== "string") return null;
  return { type, id: typeof id === "number" ? id : 0, data: data ?? {} };
}
