// The icons: lucide's, as one sprite in the page.

import {
  Activity, ArrowLeftRight, Check, ChevronDown, ChevronLeft, ChevronRight, CircleAlert, CircleCheck, CircleDot, CircleMinus, CircleStop, CircleX, Copy, Crown,
  Download, Ellipsis, Eye, EyeOff, File, Hand, Languages, Layers, LayoutTemplate, Lock, MessageSquare, Mic, MicOff, MonitorUp, MonitorX, Paperclip, Phone, SendHorizontal,
  Server, Settings2, SunMoon, UserRound, UsersRound, Video, VideoOff, Volume2, X, type IconNode,
} from "lucide";
import { h } from "preact";

const nodes = {
  activity: Activity,
  alert: CircleAlert,
  barred: CircleX,
  camera: Video,
  "camera-off": VideoOff,
  chat: MessageSquare,
  check: Check,
  close: X,
  copy: Copy,
  devices: Settings2,
  direct: ArrowLeftRight,
  down: ChevronDown,
  download: Download,
  file: File,
  fine: CircleCheck,
  hand: Hand,
  hide: EyeOff,
  host: Crown,
  language: Languages,
  leave: Phone,
  layout: LayoutTemplate,
  left: ChevronLeft,
  lock: Lock,
  look: SunMoon,
  microphone: Mic,
  "microphone-off": MicOff,
  mixed: Layers,
  more: Ellipsis,
  attach: Paperclip,
  people: UsersRound,
  person: UserRound,
  record: CircleDot,
  right: ChevronRight,
  screen: MonitorUp,
  "screen-off": MonitorX,
  send: SendHorizontal,
  server: Server,
  skipped: CircleMinus,
  sound: Volume2,
  stop: CircleStop,
  watch: Eye,
} satisfies Record<string, IconNode>;

/** The name of an icon. */
export type IconName = keyof typeof nodes;

/** All icons; rendered once, shown by Icon. */
export function Sprite() {
  return (
    <svg class="sprite" aria-hidden="true">
      {Object.entries(nodes).map(([name, shapes]) => (
        <symbol key={name} id={`icon-${name}`} viewBox="0 0 24 24">
          {shapes.map(([tag, attributes]) => h(tag, attributes))}
        </symbol>
      ))}
    </svg>
  );
}

/** One icon; it says nothing to readers, so what holds it needs a label. */
export function Icon({ name, class: className = "" }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon icon-${name} ${className}`} aria-hidden="true">
      <use href={`#icon-${name}`} />
    </svg>
  );
}
