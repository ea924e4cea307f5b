// English, and the shape of every other catalogue: what is missing there does
// not compile. Words are short, in the second person, without blame or jargon.

import { enFaults } from "./en-faults";
import { pluralIn } from "./plural";

const n = pluralIn("en");

const numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const spelled = (count: number): string => numbers[count] ?? String(count);

export const en = {
  language: "Language",
  theme: "Look",
  themes: { auto: "Automatic", light: "Light", dark: "Dark" },
  close: "Close",
  cancel: "Cancel",
  tryAgain: "Try again",
  copied: "Copied",
  you: "You",
  /** Between two sentences. */
  gap: " ",

  home: {
    title: "See and hear each other",
    lead: "Make a room and send its link. Whoever opens it is there: nothing to install, no account.",
    make: "Make a room",
    or: "or go to one",
    room: "Room name or link",
    enter: "Enter",
    recent: "Recent rooms",
    forget: (room: string) => `Forget ${room}`,
    bad: "A room’s name may have 1 to 64 characters.",
    facts: ["Two people talk directly.", "More people meet on this server.", "Nobody else is involved."],
  },

  door: {
    heading: "Ready to join?",
    room: (room: string) => `Room ${room}`,
    preview: "Your picture",
    cameraOff: "Your camera is off",
    cameraStarting: "Starting your camera…",
    name: "Your name",
    nameHint: "The others see it on your picture.",
    nameMissing: "Tell the others who you are.",
    join: "Join",
    joinBare: "Join without camera and microphone",
    joining: "Joining…",
    devices: "Devices",
    camera: "Camera",
    microphone: "Microphone",
    speaker: "Speaker",
    systemChoice: "The system’s choice",
    unnamed: (kind: string, index: number) => `${kind} ${index}`,
    none: "None found",
    level: "Microphone level",
    quiet: "Say something: the bar should move.",
  },

  devices: {
    insecure: {
      title: "This address is not secure",
      text: "Browsers give camera and microphone only to pages on https, or on localhost. Open this page with https:// in front. You can join now to watch, listen and chat.",
    },
    camera: {
      device_denied: {
        title: "Your camera is not allowed",
        text: "Allow it in the browser’s address bar, then try again. Or join without a camera.",
      },
      device_in_use: {
        title: "Your camera is busy",
        text: "Your camera is used by another program. Close it there, or join without a camera.",
      },
      device_none: { title: "No camera found", text: "Plug one in, or join without a camera." },
      device_failed: { title: "Your camera does not start", text: "Unplug it and plug it in again, or join without a camera." },
    },
    microphone: {
      device_denied: {
        title: "Your microphone is not allowed",
        text: "Allow it in the browser’s address bar, then try again. Or join to listen and chat.",
      },
      device_in_use: {
        title: "Your microphone is busy",
        text: "Your microphone is used by another program. Close it there, or join to listen and chat.",
      },
      device_none: { title: "No microphone found", text: "Plug one in, or join to listen and chat." },
      device_failed: {
        title: "Your microphone does not start",
        text: "Unplug it and plug it in again, or join to listen and chat.",
      },
    },
    /** What one can do about it during a call. */
    advice: {
      insecure_context: "Open this page with https:// in front.",
      device_denied: "Allow it in the browser’s address bar.",
      device_in_use: "Close the other program that uses it.",
      device_none: "Plug one in.",
      device_failed: "Unplug it and plug it in again.",
    },
    stopped: "A camera or microphone stopped. Is it still plugged in?",
    screenFailed: "Your screen can’t be shared. Does the system allow the browser to record it?",
    speakerFailed: "This speaker can’t be used.",
  },

  bar: {
    label: "Controls",
    mute: "Mute",
    unmute: "Unmute",
    cameraOff: "Turn camera off",
    cameraOn: "Turn camera on",
    share: "Share your screen",
    stopSharing: "Stop sharing",
    raiseHand: "Raise your hand",
    lowerHand: "Lower your hand",
    chat: "Chat",
    people: "People",
    record: "Record",
    stopRecording: "Stop recording",
    more: "More",
    leave: "Leave",
    unread: n({ one: "# unread message", other: "# unread messages" }),
  },

  tile: {
    self: (name: string) => `${name} (you)`,
    screenOf: (name: string) => `${name}’s screen`,
    muted: "Muted",
    hand: "Hand raised",
    away: "Reconnecting…",
    waiting: "Picture is on its way…",
    unsupported: "Your browser can’t show this picture.",
    paused: "Your line is too thin for this picture.",
    previous: "Previous people",
    next: "Next people",
    page: (page: number, pages: number) => `Page ${page} of ${pages}`,
  },

  path: {
    direct: (name: string) => `Direct: your pictures go straight to ${name}.`,
    alone: "Nobody else is here yet.",
    proving: (name: string) => `Through the server while a direct way to ${name} is being tried.`,
    many: (count: number) => `Through the server: ${spelled(count)} people are here.`,
    pinned: "Through the server: the host chose it.",
    wish: "Through the server: you chose it.",
    direct_failed: (name: string) => `Through the server: there is no direct way to ${name}.`,
    direct_poor: (name: string) => `Through the server: the direct way to ${name} had become poor.`,
    not_supported: "Through the server: one of the two browsers can’t connect directly.",
    media_unproven: "Through the server; a direct way is tried once this one works.",
    none: "Nothing comes yet.",
    quality: {
      good: "The line is good.",
      fair: "The line is fair: some of it gets lost or comes late.",
      poor: "The line is poor: much of it gets lost or comes late.",
    },
    wishLabel: "Connection to the others",
    wishes: { auto: "Automatic", sfu: "Server", p2p: "Direct" },
    wishHint: "Automatic: direct for two people, through the server for more.",
  },

  alone: {
    title: "You are the first one here",
    text: "Send this link to the people you want to talk with.",
    copy: "Copy link",
    link: "Link to this room",
  },

  chat: {
    title: "Chat",
    empty: "Nothing was written yet. Files can be dropped here, too.",
    to: "To",
    everybody: "Everybody",
    placeholder: "Write something",
    send: "Send",
    attach: "Send files",
    only: (name: string) => `only for ${name}`,
    onlyYou: "only for you",
    said: (name: string, text: string) => `${name}: ${text}`,
    dropAll: "Drop files here to send them to everybody",
    dropOne: (name: string) => `Drop files here to send them to ${name}`,
    download: "Download",
    stop: "Stop",
    withdraw: "Take back",
    fileFrom: (name: string, file: string) => `${name} sends you the file ${file}`,
    saved: "Saved",
    failed: "Did not come through",
    cancelled: "Stopped",
    offered: "Ready for the others to fetch",
    fetched: n({ one: "Fetched by # person", other: "Fetched by # people" }),
    tooLong: (most: number) => `This is too long: at most ${most} characters.`,
    notSent: "This was not sent. Try again.",
  },

  people: {
    title: "People",
    count: n({ one: "# person", other: "# people" }),
    host: "Host",
    actions: (name: string) => `Actions for ${name}`,
    mute: "Mute",
    stopCamera: "Turn camera off",
    stopScreen: "Stop screen",
    lowerHand: "Lower hand",
    makeHost: "Make host",
    remove: "Remove",
    removeSure: (name: string) => `Remove ${name} from the room?`,
    path: "Connection",
    room: "Room",
    lock: "Lock the room",
    lockHint: "Nobody new gets in.",
    everyone: "Connection for everybody",
    end: "End for everybody",
    endSure: "End the call for everybody?",
    locked: "The room is locked.",
  },

  stats: {
    title: "Statistics",
    connection: { sfu: "To the server", p2p: "Direct", mcu: "To the server" },
    rtt: "Round trip",
    available: "Room to send",
    route: "Route",
    size: "Size",
    rate: "Rate",
    loss: "Loss",
    jitter: "Jitter",
    frozen: "Stood still",
    codec: "Codec",
    path: "Path",
    origins: { microphone: "Voice", camera: "Camera", screen: "Screen", screen_audio: "Screen’s sound", other: "Other" },
    paths: { sfu: "Server", p2p: "Direct", mcu: "Mixed" },
    empty: "Nothing flows yet.",
  },

  record: {
    title: "Record here",
    text: "The recording stays on this computer. Tell the others before you start.",
    room: "What you see and hear",
    roomHint: "Everybody’s pictures and voices, as one video.",
    self: "Only your camera",
    selfHint: "Your own picture and voice.",
    start: "Start recording",
    saved: (file: string) => `Saved as ${file}`,
    unsupported: "This browser can’t record.",
    running: (time: string) => `Recording, ${time}`,
  },

  more: {
    title: "More",
    devices: "Camera, microphone, speaker",
    statistics: "Statistics",
    shortcuts: "Keys: M microphone, V camera, H hand, C chat, P people",
  },

  banner: {
    reconnecting: n({ one: "The line was lost. Reconnecting for # second…", other: "The line was lost. Reconnecting for # seconds…" }),
    mediaRunsOn: n({
      one: "Reconnecting to the room for # second. You still see and hear each other.",
      other: "Reconnecting to the room for # seconds. You still see and hear each other.",
    }),
    mediaLost: "You are in the room, but sound and picture don’t come through. A firewall may be in the way; trying again.",
    sound: "Your browser holds the sound back.",
    soundOn: "Turn on sound",
    sharing: "The others see your screen.",
  },

  news: {
    joined: (name: string) => `${name} is here`,
    left: (name: string) => `${name} has left`,
    removed: (name: string) => `${name} was removed`,
    hand: (name: string) => `${name} raised a hand`,
    host: "You are the host now",
    mutedBy: (name: string) => `${name} muted you`,
    muted: "You were muted by a host",
    cameraBy: "A host turned your camera off",
    screenBy: "A host stopped your screen",
    lockedNow: "The room is locked now",
    unlockedNow: "The room is open again",
    back: "You are connected again",
  },

  over: {
    rejoin: "Join again",
    home: "Back to the start",
  },

  /** Why a call ended, or did not begin, by the protocol's code. */
  faults: enFaults,
  faultCode: (code: string) => `Code: ${code}`,
  crashed: { title: "This page has stumbled", text: "A fault in the page stopped it. Reload it to go on." },
  reload: "Reload",

  bytes: (text: string, unit: "B" | "kB" | "MB" | "GB") => `${text} ${unit}`,
};

/** Every word of the client, in one language. */
export type Catalogue = typeof en;
