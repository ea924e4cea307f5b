// Messages on a data channel: the header's length in two bytes, big endian, the
// header as JSON, the payload as it is. The counterpart of Go's api.ParseData.

import { MaxDataHeader, type DataHeader } from "./messages";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes a data channel message. Throws RangeError when the header exceeds MaxDataHeader bytes. */
export function encodeData(header: DataHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = encoder.encode(JSON.stringify(header));
  if (head.length > MaxDataHeader) {
    throw new RangeError(`A data header may have ${MaxDataHeader} bytes, this one has ${head.length}.`);
  }
  const message = new Uint8Array(2 + head.length + payload.length);
  new DataView(message.buffer).setUint16(0, head.length);
  message.set(head, 2);
  message.set(payload, 2 + head.length);
  return message;
}

/** Reads a data channel message, or returns null if it is malformed. The payload is a view into message. */
export function decodeData(message: Uint8Array): { header: DataHeader; payload: Uint8Array } | null {
  if (message.length < 2) return null;
  const length = new DataView(message.buffer, message.byteOffset, message.byteLength).getUint16(0);
  if (length > MaxDataHeader || message.length < 2 + length) return null;
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(message.subarray(2, 2 + length)));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { to, from, topic } = value as Record<string, unknown>;
  if (typeof topic !== "string") return null;
  const header: DataHeader = { topic };
  if (typeof to === "string") header.to = to;
  if (typeof from === "string") header.from = from;
  return { header, payload: message.subarray(2 + length) };
}
