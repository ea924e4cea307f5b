// The values of data and file transfer in the public API.

/** A message of another member's page. */
export interface DataMessage {
  /** Member id of the sender. */
  from: string;
  topic: string;
  payload: Uint8Array;
  reliable: boolean;
}

/** Options of sendData. */
export interface DataOptions {
  /** Names the purpose. "chat" and "file" are taken. */
  topic: string;
  /** Member id, or everybody else. */
  to?: string;
  /** Ordered and complete, or neither. Default true. */
  reliable?: boolean;
}

/** States of a file on its way. */
export type FileState = "offered" | "running" | "done" | "failed" | "cancelled";

/** A file that somebody offers. */
export interface IncomingFile {
  readonly id: string;
  /** Member id of the sender. */
  readonly from: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  readonly state: FileState;
  /** Bytes that have arrived. */
  readonly received: number;
  /** Fetches it. Rejects with RtcError when the sender gives up or leaves. */
  accept(): Promise<File>;
  /** Stops fetching, or declines the offer. */
  cancel(): void;
  /** Called when state or received changes; returns what ends it. */
  onProgress(listener: () => void): () => void;
}

/** A file that one offers; it can be fetched until cancel or disconnect. */
export interface OutgoingFile {
  readonly id: string;
  readonly file: File;
  /** Member id, or "" for everybody. */
  readonly to: string;
  /** Bytes acknowledged by each member that fetches it. */
  readonly progress: ReadonlyMap<string, number>;
  readonly state: FileState;
  /** Ends the offer and all transfers of it. */
  cancel(): void;
  /** Called when state or progress changes; returns what ends it. */
  onProgress(listener: () => void): () => void;
}
