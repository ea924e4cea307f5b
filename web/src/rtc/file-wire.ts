// What the pages say to each other on the topic "file". The receiver asks for
// chunks in windows, and every request acknowledges what came before, so that
// no more than a window is ever on its way through the server. Pure.
//
// A message is JSON, or a chunk: a zero byte, the file's number and the chunk's
// index as four bytes each (big endian), the bytes.

/** Bytes of a chunk at most; smaller where the server's limit is. */
export const chunkBytes = 16 * 1024;
/** Chunks that may be on their way to one receiver. */
export const windowChunks = 16;
/** Bytes that a chunk's own header takes. */
export const chunkHeader = 9;

/** Control messages. file is the sender's number of the file. */
export type FileMessage =
  | { say: "offer"; file: number; name: string; size: number; type: string; chunk: number }
  /** Send chunks up to (not including) upto; all before from have arrived. again: begin at from, something was lost. */
  | { say: "want"; file: number; from: number; upto: number; again?: boolean }
  /** The receiver wants no more. */
  | { say: "stop"; file: number }
  /** The sender takes the offer back. */
  | { say: "withdraw"; file: number };

/** A piece of a file. */
export interface FileChunk {
  file: number;
  index: number;
  bytes: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes a control message. */
export function encodeFileMessage(message: FileMessage): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** Writes a chunk. */
export function encodeChunk({ file, index, bytes }: FileChunk): Uint8Array {
  const message = new Uint8Array(chunkHeader + bytes.length);
  const view = new DataView(message.buffer);
  view.setUint32(1, file);
  view.setUint32(5, index);
  message.set(bytes, chunkHeader);
  return message;
}

/** Reads either; null if it is neither. */
export function decodeFile(payload: Uint8Array): FileMessage | FileChunk | null {
  if (payload[0] === 0) {
    if (payload.length < chunkHeader) return null;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    return { file: view.getUint32(1), index: view.getUint32(5), bytes: payload.subarray(chunkHeader) };
  }
  try {
    return checked(JSON.parse(decoder.decode(payload)));
  } catch {
    return null;
  }
}

/** How many chunks a file has. */
export function chunkCount(size: number, chunk: number): number {
  return Math.ceil(size / chunk);
}

function checked(value: unknown): FileMessage | null {
  if (typeof value !== "object" || value === null) return null;
  const m = value as Record<string, unknown>;
  const whole = (...keys: string[]): boolean => keys.every((k) => Number.isSafeInteger(m[k]) && (m[k] as number) >= 0);
  if (!whole("file")) return null;
  switch (m["say"]) {
    case "offer": {
      const named = typeof m["name"] === "string" && typeof m["type"] === "string";
      return named && whole("size", "chunk") && m["chunk"] !== 0 ? (value as FileMessage) : null;
    }
    case "want":
      return whole("from", "upto") ? (value as FileMessage) : null;
    case "stop":
    case "withdraw":
      return value as FileMessage;
    default:
      return null;
  }
}
