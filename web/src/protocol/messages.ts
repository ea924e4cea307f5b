// The protocol's messages by name. The types themselves are generated from Go.

export type * from "./api.gen";
