// Why a call ended, or did not begin, by the protocol's code: English.

/** A thing that stands in the way: what it is, and what one can do. */
export interface Fault {
  title: string;
  text: string;
}

/** By code; codes that mean nothing to people share "other". */
export const enFaults = {
  left: { title: "You have left", text: "The room is still there if you want to go back." },
  removed: { title: "You were removed", text: "A host removed you from the room. If that was a mistake, ask the host." },
  ended: { title: "The call is over", text: "A host ended it for everybody." },
  full: { title: "The room is full", text: "As many people are here as the server lets in. Try again when somebody has left." },
  locked: { title: "The room is locked", text: "A host has locked it. Ask somebody inside to open it." },
  forbidden: { title: "This is not allowed", text: "Your link does not give you the right to do this. Ask the person who sent it." },
  draining: { title: "The server is being restarted", text: "Wait a minute, then join again." },
  timeout: { title: "The line was lost", text: "Nothing came from you for too long. Check your network, then join again." },
  slow: { title: "Your line is too slow", text: "The server could not reach you fast enough. Join again, or move closer to your router." },
  replaced: { title: "You are here in another window", text: "The call goes on there. This window can be closed." },
  version: { title: "This page is out of date", text: "The server speaks a newer language. Reload the page." },
  bad_name: { title: "This name can’t be used", text: "Names of people and rooms have 1 to 64 characters that can be shown." },
  no_codec: { title: "Your browser can’t take part", text: "It shares no sound or picture format with the server. Another browser will do." },
  not_supported: { title: "Your browser can’t take part", text: "It lacks what calls need. A current Firefox, Chrome, Edge or Safari will do." },
  token_missing: { title: "This room needs an invitation", text: "Open the whole link that you were sent; a part of it is missing." },
  token_invalid: { title: "This invitation is not valid", text: "The link may have been cut off on its way. Ask for a new one." },
  token_expired: { title: "This invitation is not valid now", text: "It is too old, or for a later time. Ask for a new one." },
  token_room: { title: "This invitation is for another room", text: "Check the link, or ask for one to this room." },
  unreachable: { title: "The server does not answer", text: "Check your network. If others can’t reach it either, tell whoever runs it." },
  other: { title: "Something went wrong", text: "That should not happen. Join again; if it stays, tell whoever runs this server." },
} satisfies Record<string, Fault>;

/** The same in another language. */
export type Faults = Record<keyof typeof enFaults, Fault>;
