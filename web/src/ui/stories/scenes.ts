// The scenes of the stories.

import type { ChatLine, ConnectionKind, PathReason } from "../../rtc";
import type { Language } from "../../i18n";
import type { Scene } from "./fake-room";

const names: Readonly<Record<Language, readonly string[]>> = {
  en: ["Mira Sommer", "Wei Chen", "Amara Okafor", "Tomás Rivera", "Lena Brandt", "Kenji Mori", "Priya Nair", "Jonas Lindqvist", "Sofia Rossi"],
  zh: ["林晓梅", "陈伟", "王小明", "张雨桐", "刘子涵", "赵一诺", "Lena Brandt", "周思远", "孙悦"],
};

const talk: Readonly<Record<Language, readonly [from: number, text: string, to?: number][]>> = {
  en: [
    [1, "Good morning! Can everybody hear the strings?"],
    [2, "Loud and clear."],
    [0, "The second movement is a little fast for me."],
    [0, "Score: https://example.org/scores/serenade"],
    [1, "Shall I slow down at bar 40?", 0],
    [2, "The parts are in the folder. I’ll send the cello’s again as a file, because the last one lacked a page."],
  ],
  zh: [
    [1, "早上好！大家听得到弦乐吗？"],
    [2, "很清楚。"],
    [0, "第二乐章对我来说有点快。"],
    [0, "乐谱：https://example.org/scores/serenade"],
    [1, "第 40 小节我放慢一点？", 0],
    [2, "分谱都在文件夹里。大提琴的那份少了一页，我再发一次。"],
  ],
};

/** So many people, oneself included, as the address of the story wishes. */
export function sceneOf(count: number, language: Language, query: URLSearchParams): Scene {
  const list = (key: string): number[] => (query.get(key) ?? "").split(",").filter(Boolean).map(Number);
  const all = names[language];
  const chosen = Array.from({ length: count }, (_, i) => all[i % all.length] ?? "");
  const begun = Date.UTC(2026, 10, 22, 9, 41);
  const chat = talk[language].map(([from, text, to], i): ChatLine => ({
    from: `m${from}`, name: chosen[from] ?? "", text, time: begun + i * 70_000, ...(to !== undefined && { to: `m${to}` }),
  }));
  const wished = query.get("path");
  const path = wished === "p2p" || wished === "mcu" ? wished : "sfu";
  const reason = query.get("reason") as PathReason | null;
  return {
    names: chosen,
    dark: list("dark"),
    muted: list("muted"),
    hands: list("hands"),
    speaking: Number(query.get("speaking") ?? 1),
    screen: query.has("screen"),
    path,
    reason: reason ?? (path === "mcu" ? "crowd" : path === "p2p" ? "two" : count === 1 ? "alone" : count === 2 ? "direct_failed" : "many"),
    viewer: query.has("viewer"),
    viewers: Number(query.get("viewers") ?? 0),
    leftOut: (query.get("left") ?? "").split(",").filter(Boolean),
    role: query.has("member") ? "member" : "host",
    state: query.has("lost") ? "reconnecting" : "connected",
    mediaState: query.has("lost") ? "failed" : "connected",
    connection: (query.get("connection") ?? "udp") as ConnectionKind,
    sound: !query.has("silent"),
    chat: query.has("quiet") ? [] : chat,
  };
}
